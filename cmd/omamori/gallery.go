package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/web"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// showGallery serves the page with made-up data, every state of it, to this machine
// alone, until ctx is done: for working on the page. Nothing of it is real, so everybody
// may do everything.
func showGallery(ctx context.Context, address string, say func(chain.Text)) error {
	dir, err := os.MkdirTemp("", "omamori-gallery")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve the gallery: %w", err)
	}
	g := &galleryRooms{ctx: ctx, dir: dir, rooms: map[string]http.Handler{}}
	srv := &http.Server{Handler: g, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	say(chain.Say("run.gallery", "url", "http://"+l.Addr().String()+"/"))
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	cancel()
	return g.wait()
}

// galleryRooms are the scenes, begun when they are first looked at.
type galleryRooms struct {
	ctx context.Context
	dir string

	mu    sync.Mutex // protects the fields below
	rooms map[string]http.Handler
	waits []func() error
}

func (g *galleryRooms) wait() (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, wait := range g.waits {
		err = errors.Join(err, wait())
	}
	return err
}

func (g *galleryRooms) room(scene string, lang words.Lang) (http.Handler, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := scene + "-" + string(lang)
	if h := g.rooms[name]; h != nil {
		return h, nil
	}
	w, wait, err := gallery.Start(g.ctx, filepath.Join(g.dir, name), scene, lang)
	if wait != nil {
		g.waits = append(g.waits, wait)
	}
	if err != nil {
		return nil, err
	}
	g.rooms[name] = web.New(web.Options{Guard: w.Guard, Journal: w.Journal, Door: w.Door,
		Publish: func(context.Context, string, string) (string, error) {
			return "https://blog.example/wp-admin/post.php?post=7", nil
		}})
	return g.rooms[name], nil
}

func (g *galleryRooms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/scene" {
		for _, scene := range gallery.Scenes {
			fmt.Fprintf(w, "<p><a href=\"/scene/%s\">%s</a></p>\n", html.EscapeString(scene), html.EscapeString(scene))
		}
		return
	}
	dir, scene := filepath.Split(r.URL.Path)
	if dir == "/scene/" && slices.Contains(gallery.Scenes, scene) {
		http.SetCookie(w, &http.Cookie{Name: "scene", Value: scene, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	scene = gallery.Scenes[0]
	if c, err := r.Cookie("scene"); err == nil && slices.Contains(gallery.Scenes, c.Value) {
		scene = c.Value
	}
	h, err := g.room(scene, signin.Lang(r))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.ServeHTTP(w, r.WithContext(signin.With(r.Context(), signin.Visitor{Name: "mika", Read: true, Act: true, CSRF: "gallery"})))
}
