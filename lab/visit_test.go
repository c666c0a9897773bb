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
	knownPost = "https://blog.example.org/?p=1"
	itsText   = "Welcome to WordPress. This is your first post."
	// visitors come at this beat; once the post has been there for so long, one in ten.
	visitBeat = 50 * time.Millisecond
	visitCalm = 2 * time.Second
	visitTime = 5 * time.Second // who waits for longer goes away
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
	v.all.Go(func() {
		beat := time.NewTicker(visitBeat)
		defer beat.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
			}
			if n%10 == 0 || !v.calm() {
				v.all.Go(func() { v.one(context.WithoutCancel(ctx)) })
			}
		}
	})
	return v
}

// calm: the post has been there for a while.
func (v *visitors) calm() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.back.IsZero() && time.Since(v.back) > visitCalm
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
