//go:build lab

package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/probe"
)

const (
	// knownPost is a page with the post's text alone, out of the database by PHP: with
	// WordPress's own, which cost twenty times as much, they would be what is wrong.
	knownPost = "https://blog.example.org/post.php"
	itsText   = "Welcome to WordPress. This is your first post."
	// visitors come at this beat.
	visitBeat = 50 * time.Millisecond
	visitTime = 5 * time.Second // who waits for longer goes away
	mostVisit = 4               // at once: they are not to use up a pool
)

// visitors ask for a known post, each on a connection of his own.
type visitors struct {
	h      *host
	net    *os.File // the host's network
	trust  *tls.Config
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu          sync.Mutex // protects the fields below
	first, last time.Time  // when those came who did not get it
	back        time.Time  // when the first came who got it after the last of them
}

// visit lets visitors come until end.
func (h *host) visit() *visitors {
	h.Helper()
	leader, err := h.leader()
	if err != nil {
		h.Fatal(err)
	}
	v := &visitors{h: h}
	if v.net, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", leader)); err != nil {
		h.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(h.do("cat /etc/nginx/blog.crt")))
	v.trust = &tls.Config{RootCAs: pool}
	ctx, cancel := context.WithCancel(h.Context())
	v.cancel = cancel
	room := make(chan struct{}, mostVisit)
	v.all.Go(func() {
		beat := time.NewTicker(visitBeat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
			}
			select {
			case room <- struct{}{}:
				v.all.Go(func() {
					v.one(context.WithoutCancel(ctx))
					<-room
				})
			default:
			}
		}
	})
	return v
}

// one is one visitor. His thread is in the host's network, and ends with him.
func (v *visitors) one(ctx context.Context) {
	runtime.LockOSThread()
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	came := time.Now()
	ok := v.served(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case !ok:
		if v.first.IsZero() || came.Before(v.first) {
			v.first = came
		}
		if came.After(v.last) {
			v.last = came
		}
		if !v.back.After(v.last) {
			v.back = time.Time{}
		}
	case came.After(v.last) && v.back.IsZero():
		v.back = came
	}
}

func (v *visitors) served(ctx context.Context) bool {
	if unix.Setns(int(v.net.Fd()), unix.CLONE_NEWNET) != nil {
		return false
	}
	u, err := url.Parse(knownPost)
	if err != nil {
		return false
	}
	a, err := probe.Do(ctx, probe.Request{URL: u, Connect: "127.0.0.1:443", TLS: v.trust, MaxBody: 1 << 20})
	return err == nil && a.Status == 200 && bytes.Contains(a.Body, []byte(itsText))
}

// end sends the visitors home, and tells for how long they were without the post: from
// the first who did not get it to the first who did after the last of those.
func (v *visitors) end() time.Duration {
	v.cancel()
	v.all.Wait()
	v.net.Close()
	switch {
	case v.first.IsZero():
		return 0
	case v.back.IsZero():
		return v.last.Sub(v.first)
	}
	return v.back.Sub(v.first)
}
