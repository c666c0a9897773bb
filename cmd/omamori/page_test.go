package main_test

import (
	"bufio"
	"encoding/json"
	"io"
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

// Many pages that are left open keep nobody from looking and acting.
func TestManyWatchTheGuard(t *testing.T) {
	b, base := served(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	base = strings.Replace(base, "omamori.localhost", "127.0.0.1", 1)
	client := &http.Client{Jar: jar, Timeout: 5 * time.Minute}
	link, err := url.Parse(b.link())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", base+"/signin/link", strings.NewReader(link.RawQuery))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", base)
	in, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	in.Body.Close()
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
