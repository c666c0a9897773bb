package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// send writes a body, compressed if that may be and the browser takes it.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte, compress bool) {
	if compress && len(body) > 1024 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = zipped(body)
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	// An error here is a browser that has gone: there is nobody to tell.
	_, _ = w.Write(body)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // memory does not fail
	_ = z.Close()
	return out.Bytes()
}

// asset is one embedded file.
type asset struct {
	body, zipped []byte
	kind, tag    string
}

// assets are the embedded files, by name; compressed once, when the first is wanted.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	entries, err := files.ReadDir("static")
	if err != nil { // it is part of the program
		panic(err)
	}
	for _, e := range entries {
		b, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(b)
		all[e.Name()] = asset{b, zipped(b), mime.TypeByExtension(path.Ext(e.Name())), hex.EncodeToString(sum[:8])}
	}
	return all
})

// static serves an embedded file. Its address names its content, so it is kept for ever.
func static(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body)
}
