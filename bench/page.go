package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// What the page is measured with.
const (
	pageLinks    = 500
	pageWatchers = 200
	pageChanges  = 20
)

// paged is a guard of many links with its page, and what its links lead to.
type paged struct {
	dir, address string
	toggled      net.Listener // what one link leads to
	end          func()
}

// page measures what the page costs: its first view, a change on its way to a browser, and
// many who watch.
func page(ctx context.Context) error {
	p, err := newPaged()
	if err != nil {
		return err
	}
	defer p.close()
	client, err := p.signIn(ctx)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	fmt.Printf("\nA page of %d links (TCP, a 10 s beat)\n\n| | |\n|---|---|\n", pageLinks)
	bytes, err := firstView(client, p.address)
	if err != nil {
		return err
	}
	fmt.Printf("| first view, all of it, as it is sent | %.1f KB |\n", float64(bytes)/1000)
	its, err := p.signIn(ctx) // of two who have one cookie, both would be signed out
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if err := p.inBrowser(ctx, its); err != nil {
		return fmt.Errorf("in a browser: %w", err)
	}
	idlePSS, idleCPU, err := measure(ctx)
	if err != nil {
		return err
	}
	watching, leave := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer leave()
	heard := make(chan error, pageWatchers)
	for range pageWatchers {
		all.Go(func() { heard <- watch(watching, client, p.address) })
	}
	pss, cpu, err := measure(ctx)
	if err != nil {
		return err
	}
	leave()
	all.Wait()
	for range pageWatchers {
		if err := <-heard; err != nil {
			return fmt.Errorf("a watcher: %w", err)
		}
	}
	share := func(cpu float64) float64 { return 100 * cpu / window.Seconds() }
	fmt.Printf("| guard and hands, nobody watches | %.1f %% of a core, %.1f MB |\n", share(idleCPU), idlePSS)
	fmt.Printf("| %d watch | %.1f %% of a core more, %.1f MB more |\n", pageWatchers, share(cpu-idleCPU), pss-idlePSS)
	return nil
}

func newPaged() (p *paged, err error) {
	p = &paged{end: func() {}}
	if p.dir, err = os.MkdirTemp("", "omamori-bench"); err != nil {
		return nil, err
	}
	steady, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if p.toggled, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	accept(steady)
	accept(p.toggled)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = free.Addr().String()
	free.Close()
	var conf strings.Builder
	fmt.Fprintf(&conf, "page: {listen: %q}\nlinks:\n", p.address)
	for i := range pageLinks {
		address, needs := steady.Addr().String(), ""
		if i == pageLinks-1 {
			address = p.toggled.Addr().String()
		}
		if i%5 > 0 {
			needs = fmt.Sprintf(", needs: [link-%03d]", i-1)
		}
		fmt.Fprintf(&conf, "  link-%03d: {kind: tcp, title: \"service number %d answers\", address: %q, every: 10s%s}\n", i, i, address, needs)
	}
	conf.WriteString("goals:\n")
	for i := range 10 {
		fmt.Fprintf(&conf, "  goal-%d:\n    title: \"customers of house %d are served\"\n    ways: {main: [", i, i)
		for j := range 10 {
			if j > 0 {
				conf.WriteString(", ")
			}
			fmt.Fprintf(&conf, "link-%03d", i*50+j*5+4)
		}
		conf.WriteString("]}\n")
	}
	path := filepath.Join(p.dir, "omamori.yaml")
	if err := os.WriteFile(path, []byte(conf.String()), 0o644); err != nil {
		return nil, err
	}
	p.end, err = begin("bin/omamori", "run", "-c", path, "--state", p.state(), "--user", "root")
	return p, err
}

func (p *paged) state() string { return filepath.Join(p.dir, "state") }

func (p *paged) close() { p.end(); os.RemoveAll(p.dir) }

func accept(l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
}

// signIn is a client that has come in by a one-time link.
func (p *paged) signIn(ctx context.Context) (*http.Client, error) {
	var link struct {
		URL string `json:"url"`
	}
	for deadline := time.Now().Add(time.Minute); ; {
		out, err := exec.CommandContext(ctx, "bin/omamori", "page", "--json", "--state", p.state()).Output()
		if err == nil {
			if err := json.Unmarshal(out, &link); err != nil {
				return nil, err
			}
			break
		}
		if time.Now().After(deadline) || !pause(ctx, 100*time.Millisecond) {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
	}
	u, err := url.Parse(link.URL)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+p.address+"/signin/link", strings.NewReader(u.RawQuery))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+p.address)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || !strings.Contains(string(b), "goal-0") {
		return nil, fmt.Errorf("%s: %.300s", res.Status, b)
	}
	return client, nil
}

// firstView counts the bytes of the first view: of the page and of all that it loads.
func firstView(client *http.Client, address string) (all int, err error) {
	get := func(path string) (int, string, error) {
		r, err := http.NewRequest("GET", "http://"+address+path, nil)
		if err != nil {
			return 0, "", err
		}
		r.Header.Set("Accept-Encoding", "gzip") // as a browser: so the client does not unpack it
		res, err := client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return len(b), res.Status, err
	}
	plain, err := client.Get("http://" + address + "/")
	if err != nil {
		return 0, err
	}
	defer plain.Body.Close()
	html, err := io.ReadAll(plain.Body)
	if err != nil {
		return 0, err
	}
	paths := []string{"/"}
	for _, mark := range []string{`<link rel="icon" href="`, `<link rel="stylesheet" href="`, `<script src="`} {
		_, rest, ok := strings.Cut(string(html), mark)
		if !ok {
			return 0, errors.New("the page is another than this program knows")
		}
		path, _, _ := strings.Cut(rest, `"`)
		paths = append(paths, path)
	}
	for _, path := range paths {
		n, status, err := get(path)
		if err != nil || !strings.HasPrefix(status, "200") {
			return 0, fmt.Errorf("%s: %s %w", path, status, err)
		}
		all += n
	}
	return all, nil
}

// inBrowser measures in a real one: until something is seen, and from a proof until it is.
func (p *paged) inBrowser(ctx context.Context, client *http.Client) error {
	dir, err := os.MkdirTemp("", "omamori-bench-browser")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	alloc, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.UserDataDir(dir), chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute))...)
	defer stop()
	tab, cancel := chromedp.NewContext(alloc)
	defer cancel()
	u := &url.URL{Scheme: "http", Host: p.address}
	set := make([]chromedp.Action, 0, 1)
	for _, c := range client.Jar.Cookies(u) {
		set = append(set, network.SetCookie(c.Name, c.Value).WithURL("http://"+p.address+"/").WithHTTPOnly(true))
	}
	if err := chromedp.Run(tab, set...); err != nil {
		return err
	}
	var paints []time.Duration
	for range 10 {
		var paint float64
		if err := chromedp.Run(tab, chromedp.Navigate("http://"+p.address+"/"), chromedp.WaitReady("html.js"),
			chromedp.Poll(`performance.getEntriesByName("first-contentful-paint")[0]?.startTime`, &paint, chromedp.WithPollingTimeout(time.Minute))); err != nil {
			return err
		}
		paints = append(paints, time.Duration(paint*float64(time.Millisecond)))
	}
	fmt.Printf("| first paint in Chromium, median and slowest of %d | %s, %s |\n", len(paints), ms(median(paints)), ms(slices.Max(paints)))
	if err := chromedp.Run(tab, chromedp.Poll("document.documentElement.dataset.news !== undefined", nil, chromedp.WithPollingTimeout(time.Minute))); err != nil {
		return err
	}
	name := fmt.Sprintf("link-%03d", pageLinks-1)
	observe := fmt.Sprintf(`(() => { const n = document.querySelector('.node[data-n="%s"]'); window.seen = []; new MutationObserver(() => { const s = n.classList.contains("broken") ? "broken" : n.classList.contains("holds") ? "holds" : ""; if (s && s !== window.last) { window.last = s; seen.push(s + " " + Date.now()); } }).observe(n, {attributes: true}); })()`, name)
	if err := chromedp.Run(tab, chromedp.Evaluate(observe, nil)); err != nil {
		return err
	}
	var late []time.Duration
	for i := range pageChanges {
		want := "broken"
		if i%2 == 0 {
			p.toggled.Close()
		} else {
			if p.toggled, err = net.Listen("tcp", p.toggled.Addr().String()); err != nil {
				return err
			}
			accept(p.toggled)
			want = "holds"
		}
		out, _ := exec.CommandContext(ctx, "bin/omamori", "prove", name, "--json", "--state", p.state()).Output() // it says by its exit code that something is broken
		proved, err := provedAt(out, name, want)
		if err != nil {
			return err
		}
		var seen string
		if err := chromedp.Run(tab, chromedp.Poll(fmt.Sprintf("window.seen[%d]", i), &seen, chromedp.WithPollingTimeout(time.Minute))); err != nil {
			return err
		}
		state, at, _ := strings.Cut(seen, " ")
		milli, err := strconv.ParseInt(at, 10, 64)
		if err != nil || state != want {
			return fmt.Errorf("seen %q, not %s", seen, want)
		}
		late = append(late, time.UnixMilli(milli).Sub(proved))
	}
	fmt.Printf("| from a proof to its sight in Chromium, median and slowest of %d | %s, %s |\n", len(late), ms(median(late)), ms(slices.Max(late)))
	return nil
}

// provedAt is when the proof of a link ended.
func provedAt(out []byte, name, want string) (at time.Time, err error) {
	var links []struct {
		Name, Verdict string
		ProvedAt      time.Time `json:"proved_at"`
		TookMS        float64   `json:"took_ms"`
	}
	if err := json.Unmarshal(out, &links); err != nil {
		return at, fmt.Errorf("%w: %.200s", err, out)
	}
	for _, l := range links {
		if l.Name == name && l.Verdict == want {
			return l.ProvedAt.Add(time.Duration(l.TookMS * float64(time.Millisecond))), nil
		}
	}
	return at, fmt.Errorf("%s is not %s", name, want)
}

// watch reads the stream of changes until ctx is done; something must have come.
func watch(ctx context.Context, client *http.Client, address string) error {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+address+"/events", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	events := 0
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data:") {
			events++
		}
	}
	if ctx.Err() == nil || events < 5 {
		return fmt.Errorf("%d events, then: %w", events, lines.Err())
	}
	return nil
}
