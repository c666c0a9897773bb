package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/web/signin"
)

// link asks for a one-time link to the page, until there is one.
func (b *blog) link() (link string) {
	b.t.Helper()
	var l signin.Link
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		out, code := b.omamori("page", "--json")
		if code == 0 {
			if err := json.Unmarshal([]byte(out), &l); err != nil {
				b.t.Fatal(err, out)
			}
			return l.URL
		}
		if time.Now().After(deadline) {
			b.t.Fatal(out, b.stderr)
		}
	}
}

// baseOf is the address of the page of a link to it.
func baseOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// served is a guard of one link, with a page.
func served(t *testing.T) (b *blog, base string) {
	t.Helper()
	needRoot(t)
	b = &blog{t: t, bin: programs(t), dir: open(t), state: filepath.Join(open(t), "state")}
	if err := os.WriteFile(filepath.Join(b.dir, "omamori.yaml"), []byte("page: {listen: \"127.0.0.1:0\"}\nlinks:\n  disk: {kind: disk, path: /, min_free: 1KiB}\ngoals:\n  room: {ways: {here: [disk]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.start()
	return b, baseOf(t, b.link())
}

// client is a browser without a window that has come in by a one-time link.
func (b *blog) client(base string) (client *http.Client, at string) {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	at = strings.Replace(base, "omamori.localhost", "127.0.0.1", 1)
	client = &http.Client{Jar: jar, Timeout: 5 * time.Minute}
	link, err := url.Parse(b.link())
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), "POST", at+"/signin/link", strings.NewReader(link.RawQuery))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", at)
	in, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	in.Body.Close()
	return client, at
}

// Many pages that are left open keep nobody from looking and acting.
func TestManyWatchTheGuard(t *testing.T) {
	b, base := served(t)
	client, base := b.client(base)
	for i := range 200 {
		res, err := client.Get(base + "/events")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		if res.StatusCode != http.StatusOK {
			t.Fatalf("watcher %d: %s", i+1, res.Status)
		}
		if i == 199 {
			lines := bufio.NewScanner(res.Body)
			for lines.Scan() && !strings.Contains(lines.Text(), `"disk":["holds"`) { // once it is proved
			}
			if !strings.Contains(lines.Text(), `"disk":["holds"`) {
				t.Errorf("the last hears %q", lines.Text())
			}
		}
	}
	res, err := client.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "room") {
		t.Errorf("%v %s %.200s", err, res.Status, body)
	}
}

// A crowd of strangers who send little, slowly, or read nothing costs the guard no more memory
// than is bounded, and its owner goes on.
func TestACrowdCostsLittle(t *testing.T) {
	const most = 20 // MB
	b, base := served(t)
	client, at := b.client(base)
	host := strings.TrimPrefix(at, "http://")
	look := func() {
		t.Helper()
		res, err := client.Get(at + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "room") {
			t.Fatalf("the owner: %v %s %.200s", err, res.Status, body)
		}
	}
	look()
	before := weight(t, b.run.Process.Pid)
	for _, c := range []struct {
		how  string
		n    int
		says string
	}{
		{"half a line", 10_000, "GET / HT"},
		{"headers without end", 390, "GET / HTTP/1.1\r\nHost: " + host + "\r\nX: " + strings.Repeat("x", 300<<10)},
		{"a form that does not come", 390, "POST /signin/totp HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + at + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 59_000)},
		{"nobody reads the answers", 390, strings.Repeat("GET /signin HTTP/1.1\r\nHost: "+host+"\r\n\r\n", 40)},
	} {
		var held []net.Conn
		for range c.n {
			one, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(one, c.says) //nolint:errcheck // it may have been let go already
			if held = append(held, one); len(held) > 450 {
				held[0].Close()
				held = held[1:]
			}
		}
		look()
		if more := weight(t, b.run.Process.Pid) - before; more > most {
			t.Errorf("%s: %d MB more", c.how, more)
		} else {
			t.Logf("%s: %d MB more than %d", c.how, more, before)
		}
		for _, one := range held {
			one.Close()
		}
	}
}

// weight is what a process has in memory of its own, in MB.
func weight(t *testing.T, pid int) (mb int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			if _, err := fmt.Sscan(rest, &mb); err != nil {
				t.Fatal(err)
			}
		}
	}
	return mb >> 10
}
