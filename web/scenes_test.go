package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/web"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// made is the page over a scene, without a browser.
func made(t *testing.T, scene string, lang words.Lang) (*gallery.World, http.Handler) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w, wait, err := gallery.Start(ctx, t.TempDir(), scene, lang)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := wait(); err != nil {
			t.Error(err)
		}
	})
	return w, web.New(web.Options{Guard: w.Guard, Journal: w.Journal, Door: w.Door})
}

var mika = signin.Visitor{Name: "mika", Read: true, Act: true, CSRF: "once"}

func get(h http.Handler, v signin.Visitor, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	out := httptest.NewRecorder()
	h.ServeHTTP(out, r.WithContext(signin.With(r.Context(), v)))
	return out
}

func post(h http.Handler, v signin.Visitor, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	out := httptest.NewRecorder()
	h.ServeHTTP(out, r.WithContext(signin.With(r.Context(), v)))
	return out
}

var answer = regexp.MustCompile(`name="sure" value="([^"]+)"`)

// answerOf is the field that says yes to the question of a view.
func answerOf(t *testing.T, view *httptest.ResponseRecorder) string {
	t.Helper()
	found := answer.FindStringSubmatch(view.Body.String())
	if view.Code != http.StatusOK || found == nil {
		t.Fatalf("it asks nothing: %d %s", view.Code, view.Body)
	}
	return "&sure=" + found[1]
}

func TestScenes(t *testing.T) {
	for _, scene := range gallery.Scenes {
		_, h := made(t, scene, words.English)
		for _, path := range []string{"/", "/incidents", "/drills", "/door", "/day", "/day?on=2099-01-15"} {
			out := get(h, mika, path)
			if out.Code != http.StatusOK || strings.Contains(out.Body.String(), "<no value>") {
				t.Errorf("%s %s: %d %.300s", scene, path, out.Code, out.Body)
			}
		}
	}
}

// Without rights nothing is shown, and nothing done.
func TestRights(t *testing.T) {
	w, h := made(t, "broken", words.English)
	for _, path := range []string{"/", "/link/sql", "/goal/blog", "/incidents", "/incident/past-1", "/incident/past-1/report.md", "/drills", "/door", "/rescue/blog", "/events", "/whatif?lose=phone", "/thing/phone", "/day", "/day?on=2099-01-15"} {
		if out := get(h, signin.Visitor{Act: true, Name: "x"}, path); out.Code != http.StatusForbidden || strings.Contains(out.Body.String(), "mysqld") {
			t.Errorf("%s: %d", path, out.Code)
		}
	}
	post := func(v signin.Visitor, path, form string) *httptest.ResponseRecorder { return post(h, v, path, form) }
	leases := func() int {
		s, _ := w.Door.Look(t.Context())
		return len(s.Leases)
	}
	form := "from=198.51.100.9&for=1h0m0s"
	for _, v := range []signin.Visitor{{}, {Read: true, Name: "x"}, {Read: true, Act: true}} {
		if out := post(v, "/door/open", form+"&sure=1"); out.Code != http.StatusForbidden || leases() != 1 {
			t.Errorf("%+v: %d, %d leases", v, out.Code, leases())
		}
	}
	// It is asked once more, and the question carries all that the form had.
	if out := post(mika, "/door/open", form); out.Code != http.StatusOK || leases() != 1 || !strings.Contains(out.Body.String(), `name="from" value="198.51.100.9"`) || !strings.Contains(out.Body.String(), "198.51.100.9 in for 1 hour?") {
		t.Errorf("%d, %d leases: %s", out.Code, leases(), out.Body)
	}
	sure := answerOf(t, post(mika, "/door/open", form))
	if out := post(mika, "/door/open", form+sure); out.Code != http.StatusSeeOther || leases() != 2 {
		t.Errorf("%d, %d leases: %s", out.Code, leases(), out.Body)
	}
	for _, bad := range []string{"from=198.51.100.0/24&for=1h0m0s", "from=x&for=1h0m0s", "from=fe80::1%25eth0&for=1h0m0s", "from=198.51.100.9&for=8760h", "from=198.51.100.9&for=-1h", ""} {
		if out := post(mika, "/door/open", bad+"&sure=1"); out.Code != http.StatusConflict || leases() != 2 {
			t.Errorf("%s: %d, %d leases", bad, out.Code, leases())
		}
	}
	// A form from before does nothing.
	if out := post(mika, "/rescue/blog", "act=mend&step=mend+sql&for=sql&sure=1"); out.Code != http.StatusConflict || len(w.Did()) != 0 {
		t.Errorf("%d %q", out.Code, w.Did())
	}
	if out := post(mika, "/door/open", strings.Repeat("x", 1<<20)); out.Code != http.StatusConflict {
		t.Errorf("a megabyte of form: %d", out.Code)
	}
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	_, h := made(t, "first", words.English)
	for back, want := range map[string]string{
		"/link/sql?span=days": "/link/sql?span=days", "//evil.example/": "/", "https://evil.example/": "/", "/\\evil.example": "/", "": "/", "/%0d%0aX:1": "/%0d%0aX:1", "javascript:1": "/", "/\t/evil.example": "/",
	} {
		r := httptest.NewRequest("GET", "/lang/ja", nil)
		q := r.URL.Query()
		q.Set("back", back)
		r.URL.RawQuery = q.Encode()
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		if got := out.Header().Get("Location"); got != want {
			t.Errorf("%q: to %q, want %q", back, got, want)
		}
	}
}

// What others wrote is text, whatever it looks like, and has an end.
func TestHostile(t *testing.T) {
	_, h := made(t, "hostile", words.English)
	var paths []string
	for _, line := range strings.Split(get(h, mika, "/").Body.String(), `href="`)[1:] {
		path, _, _ := strings.Cut(line, `"`)
		if strings.HasPrefix(path, "/link/") || strings.HasPrefix(path, "/goal/") || strings.HasPrefix(path, "/incident/") || strings.HasPrefix(path, "/rescue/") {
			paths = append(paths, strings.ReplaceAll(path, "&amp;", "&"))
		}
	}
	if len(paths) < 12 {
		t.Fatalf("only %q", paths)
	}
	for _, path := range append(paths, "/", "/incidents", "/drills", "/?lose=%3Cscript%3E") {
		out := get(h, mika, path)
		body := regexp.MustCompile(`data-[a-z]+="[^"]*"`).ReplaceAllString(out.Body.String(), "") // names for the script, which nobody sees
		for _, bad := range []string{"<script>w", "<img", "\u202E", "\u2066", "\x1b", "<b>cause", "<i>kind", "ZgotmplZ"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
		if out.Code != http.StatusOK && !strings.HasPrefix(path, "/?lose") {
			t.Errorf("%s: %d", path, out.Code)
		}
		if len(body) > 1<<20 {
			t.Errorf("%s has %d bytes", path, len(body))
		}
	}
	for _, path := range paths {
		if id, ok := strings.CutPrefix(path, "/incident/"); ok {
			md := get(h, mika, "/incident/"+id+"/report.md").Body.String()
			if !strings.HasPrefix(md, "# ") || strings.Contains(md, "<script") && !strings.Contains(md, "    <") || strings.Contains(md, "\u202E") {
				t.Errorf("%s: %.300q", path, md)
			}
		}
	}
}

// A day to come shows what has ended by then, what falls with it, and what becomes of the
// goals; what is no day to come is said to be none.
func TestADayToCome(t *testing.T) {
	_, h := made(t, "calm", words.English)
	page := get(h, mika, "/day").Body.String()
	on := regexp.MustCompile(`/day\?on=([0-9-]{10})`).FindStringSubmatch(page)
	if on == nil || !strings.Contains(page, "the certificate of blog.example.jp ends") {
		t.Fatalf("nothing is said to end: %s", page)
	}
	page = get(h, mika, "/day?on="+on[1]).Body.String()
	for _, want := range []string{"visitors read the blog", "It stops.", "What is gone then", "the certificate is valid</bdi>: <bdi>the certificate of blog.example.jp ends", `value="` + on[1] + `"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in %s", want, page)
		}
	}
	if n := strings.Count(page, "It stops."); n != 1 {
		t.Errorf("%d goals stop", n)
	}
	tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	if page = get(h, mika, "/day?on="+tomorrow).Body.String(); strings.Contains(page, "It stops.") || !strings.Contains(page, "Nothing falls") {
		t.Errorf("tomorrow: %s", page)
	}
	for _, bad := range []string{"2001-01-15", "x", "2027-02-30", "%00", strings.Repeat("9", 5000)} {
		if out := get(h, mika, "/day?on="+bad); out.Code != http.StatusBadRequest || !strings.Contains(out.Body.String(), "no day to come") {
			t.Errorf("%.20s: %d", bad, out.Code)
		}
	}
}

// kept is a journal in which everything is to be waited for.
type kept struct {
	web.Journal
	t *testing.T
}

func (k kept) Note(e journal.Entry) { k.t.Errorf("%s is not waited for", e.Text.Key) }

// A draft is written down before the view comes that shows where it is; what its address is does
// not matter.
func TestADraftIsShownAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w, wait, err := gallery.Start(ctx, t.TempDir(), "calm", words.English)
	if err != nil {
		t.Fatal(err)
	}
	address := "https://blog.example/wp-admin/post.php?post=7&x=<b>"
	h := web.New(web.Options{Guard: w.Guard, Journal: kept{w.Journal, t}, Publish: func(context.Context, string, string) (string, error) { return address, nil }})
	draft := func() {
		out := post(h, mika, "/incident/past-1/draft", answerOf(t, get(h, mika, "/incident/past-1/draft")))
		if out.Code != http.StatusSeeOther {
			t.Errorf("%d %s", out.Code, out.Body)
		}
	}
	shown := func(want string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if strings.Contains(get(h, mika, "/incident/past-1").Body.String(), want) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("it does not show %s", want)
			}
		}
	}
	draft()
	shown(`<a href="https://blog.example/wp-admin/post.php?post=7&amp;x=%3cb%3e"`)
	address = "javascript:window.hacked=1"
	draft()
	shown(`<a href="#ZgotmplZ"`)
	cancel()
	if err := wait(); err != nil {
		t.Error(err)
	}
}
