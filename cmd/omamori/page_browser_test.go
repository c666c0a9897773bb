//go:build browser

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/web/signin"
)

// signIn opens the page by a one-time link.
func (b *blog) signIn(browser *browsertest.Browser, f browsertest.Form) *browsertest.Tab {
	b.t.Helper()
	link := b.link()
	tab := browser.Open(b.t, baseOf(b.t, link), f)
	tab.Run(chromedp.Navigate(link))
	tab.Press("button.main")
	tab.Until("location.pathname === '/' && document.documentElement.classList.contains('js')")
	return tab
}

// A real blog, its guard and its page: what breaks is seen, looked into, mended and
// written up, and never was anything loaded anew.
func TestInBrowserBlog(t *testing.T) {
	b := siteUp(t)
	password := filepath.Join(open(t), "password")
	secret, err := os.ReadFile(filepath.Join(b.dir, "secrets", "application-password"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(password, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(password, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, "omamori.yaml")
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	asked := strings.NewReplacer("    service: php\n", "    service: php\n    mend: false\n").Replace(string(config)) // for that, its owner wants to be asked
	asked += fmt.Sprintf("\npage: {listen: \"127.0.0.1:0\"}\nreport: {wordpress: {url: %q, user: owner, password_file: %q}}\n", b.url, password)
	write(t, file, []byte(asked))
	b.start()
	b.until("well", 2*time.Minute, well)
	browser, rules := browsertest.Start(t), browsertest.Rules(t, "../..")
	tab := b.signIn(browser, browsertest.Desktop)

	node := func(name, class string) string {
		return fmt.Sprintf(`document.querySelector('.node.%s[data-n="%s"]')`, class, name)
	}
	tab.Until(browsertest.Text(".goal.holds h2") + `.includes("visitors read the blog") && ` + node("mariadb", "holds"))
	tab.Until("document.documentElement.dataset.news !== undefined")

	// The guard mends that by itself, and is seen to.
	tab.Do(`window.same = true; window.saw = false; new MutationObserver(() => { saw = saw || !!document.querySelector('.alarm') }).observe(document.body, {subtree: true, childList: true})`)
	if err := syscall.Kill(b.pid("mariadb"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tab.Until("window.saw")
	b.until("mended", 2*time.Minute, func(s guard.Status) bool { i := newest(s, "killed"); return i != nil && i.Ended != nil })
	tab.Until("!document.querySelector('.alarm') && " + node("mariadb", "holds"))
	tab.Until("window.same")

	tab.GoTo("/link/sql")
	tab.Press(`form[action="/link/sql/prove"] button`)
	tab.Until(`location.pathname === "/link/sql" && document.querySelector('.verdict.holds')`)

	// This one, its owner mends from his phone.
	killAll(t, b.pid("php"))
	tab.GoTo("/")
	tab.Until(node("php", "broken.blamed") + ` && document.querySelector('.edges .lit') && document.querySelector('.goal.broken')`)
	phone := b.signIn(browser, browsertest.Phone.In("ja").AtNight())
	phone.Until(`document.querySelector('.alarm') && document.querySelector('.goal.broken .do')`)
	phone.Fair(rules, "broken", "ja")
	phone.Press(".alarm")
	phone.Until(`location.pathname.startsWith("/incident/")`)
	phone.Press(`a[href^="/rescue/"]`)
	phone.Until(`document.querySelector('button[value="mend"]') && document.querySelector('.plan li')`)
	phone.Fair(rules, "rescue", "ja")
	phone.Press(`button[value="mend"]`)
	phone.Until(`document.querySelector('.sure .plan li')`)
	phone.Fair(rules, "sure", "ja")
	if s := b.status(); well(s) {
		t.Error("mended before it was asked once more")
	}
	phone.Press(".sure .do")
	phone.Until(`location.pathname.startsWith("/rescue/") && document.querySelector('.verdict.holds')`)
	tab.Until(node("php", "holds") + ` && document.querySelector('.goal.holds')`) // the other browser saw it too
	b.until("over", 2*time.Minute, well)

	// It is written up, in the blog itself.
	for _, path := range []string{"/incidents", "/drills", "/door", "/goal/blog", "/link/php", "/?lose=mariadb"} {
		tab.GoTo(path)
		tab.Fair(rules, path, "en")
	}
	tab.GoTo("/incidents")
	tab.Press(".incidents li:last-child a")
	tab.Until(browsertest.Text(".timeline") + `.includes("start mariadb")`)
	tab.Fair(rules, "incident", "en")
	if md := tab.Await(`fetch(document.querySelector('a[download]').href).then(r => r.text())`); !strings.Contains(md, "MariaDB runs") || !strings.Contains(md, "start mariadb") {
		t.Error(md)
	}
	tab.Press(`a[href$="/draft"]`)
	tab.Press(".sure .do")
	tab.Until(`location.pathname.startsWith("/incident/") && !location.pathname.endsWith("/draft")`)
	if tab.Ask(`!!document.querySelector(".drafted")`) != "true" { // the page waits for the record, but not for ever
		doortest.Eventually(t, "the draft is on record", func() bool {
			out, _ := b.omamori("journal")
			return strings.Contains(out, "wp-admin/post.php?post=")
		})
		tab.GoTo(tab.Ask("location.pathname"))
	}
	if got := tab.Ask(`document.querySelector(".drafted a")?.href`); !strings.HasPrefix(got, b.url) || !strings.Contains(got, "wp-admin/post.php?post=") {
		t.Errorf("where the draft is: %s", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"?rest_route=/wp/v2/posts&status=draft&context=edit", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("owner", strings.TrimSpace(string(secret)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	drafts, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(drafts), "MariaDB runs") || strings.Count(string(drafts), `"status":"draft"`) != 1 {
		t.Errorf("%v %.2000s", err, drafts)
	}
	tab.Blank()
	phone.Blank()
	if out, _ := b.omamori("journal"); !strings.Contains(out, "signed in to the page") || !strings.Contains(out, "start php") {
		t.Error(out)
	}
}

// killAll kills a service and its workers, who would go on without it.
func killAll(t *testing.T, pid int) {
	t.Helper()
	workers, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]string{strconv.Itoa(pid)}, strings.Fields(string(workers))...) {
		n, err := strconv.Atoi(p)
		if err == nil {
			err = syscall.Kill(n, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(p, err)
		}
	}
}

func (b *blog) invite(args ...string) (d signin.Invited) {
	b.t.Helper()
	out, code := b.omamori(append([]string{"invite", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &d); code != 0 || err != nil {
		b.t.Fatal(code, err, out)
	}
	return d
}

// authenticator plugs in a virtual one that always says yes.
func authenticator(tab *browsertest.Tab) (id webauthn.AuthenticatorID) {
	tab.Run(webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		id, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	return id
}

// Every door into the page: passkeys, one-time links by the keyboard alone, an
// authenticator app; and what does not open it.
func TestInBrowserSigningIn(t *testing.T) {
	b, base := served(t)
	browser, rules := browsertest.Start(t), browsertest.Rules(t, "../..")
	tab := browser.Open(t, base, browsertest.Desktop)
	key := authenticator(tab)

	// A device is brought by an invitation.
	d := b.invite("hanako")
	if !strings.HasPrefix(d.URL, base+"/signin/code?code=") || d.NoPasskey != "" {
		t.Errorf("%+v", d)
	}
	tab.Run(chromedp.Navigate(d.URL))
	tab.Fair(rules, "code", "en")
	tab.Shot("signin-code-en-desktop")
	tab.Press("button.main")
	tab.Until("document.querySelector('[data-passkey=new]')")
	tab.Fair(rules, "device", "en")
	tab.Shot("signin-device-en-desktop")
	tab.Leave("document.querySelector('[data-passkey=new]').click()")
	tab.Until("location.pathname === '/'")
	if out, _ := b.omamori("invite", "--list", "--json"); !strings.Contains(out, `"passkey"`) || !strings.Contains(out, `"host": "omamori.localhost"`) || !strings.Contains(out, `"act": true`) {
		t.Error(out)
	}

	// Out, and in again by it.
	tab.Run(chromedp.Navigate(base + "/signin"))
	tab.Press("form[action='/signin/out'] button")
	tab.Run(chromedp.Navigate(base + "/"))
	tab.Until("location.pathname === '/signin'")
	tab.Fair(rules, "signin", "en")
	tab.Shot("signin-en-desktop")
	tab.TabTo("[data-passkey=in]") // by the keyboard alone
	tab.Enter("\r")
	tab.Until("location.pathname === '/'")

	// An answer that was given once does not let in again.
	tab.Run(chromedp.Navigate(base + "/signin"))
	if got := tab.Await(`(async () => {
		const button = document.querySelector("[data-passkey=in]");
		const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
		const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
		const post = (url, body) => fetch(url, {method: "POST", headers: {"Content-Type": "application/json"}, body});
		const b = await (await post(button.dataset.begin, "{}")).json();
		const c = await navigator.credentials.get({publicKey: {...b.options, challenge: bytes(b.options.challenge), allowCredentials: []}});
		const r = c.response;
		const body = JSON.stringify({state: b.state, credential: {id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {}, response: {
			clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle)}}});
		const other = await (await post(button.dataset.begin, "{}")).json();
		const mixed = await post(button.dataset.finish, JSON.stringify({...JSON.parse(body), state: other.state}));
		const first = await post(button.dataset.finish, body), second = await post(button.dataset.finish, body);
		return [mixed.status, first.status, second.status].join(" ");
	})()`); got != "403 200 403" {
		t.Errorf("another's challenge, rightly, replayed: %s", got)
	}
	tab.Forgive("403")

	// Another device's passkey opens nothing.
	tab.Run(chromedp.ActionFunc(func(ctx context.Context) error { return webauthn.RemoveVirtualAuthenticator(key).Do(ctx) }))
	authenticator(tab)
	tab.Run(network.ClearBrowserCookies(), chromedp.Navigate(base+"/signin"))
	tab.Do("document.querySelector('[data-passkey=in]').click()")
	tab.Until("!document.querySelector('[data-said]').hidden")
	tab.Fair(rules, "refused", "en")
	if out, code := b.omamori("invite", "--end", "hanako"); code != 0 {
		t.Error(out)
	}
	if out, _ := b.omamori("journal"); !strings.Contains(out, "hanako brought a passkey to the page") || !strings.Contains(out, "hanako signed in to the page by a passkey") || !strings.Contains(out, "ended what hanako may do") {
		t.Error(out)
	}

	// By a one-time link, with the keyboard alone, once.
	link := b.link()
	tab.Run(chromedp.Navigate(link))
	tab.Fair(rules, "link", "en")
	tab.TabTo("button.main")
	tab.Enter("\r")
	tab.Until("location.pathname === '/' && document.querySelector('.goal.holds')")
	tab.Run(chromedp.Navigate(link))
	tab.Until("document.querySelector('[role=alert]')")
	tab.Forgive("410", "403") // the browser says itself that it was used

	// By an authenticator app, for reading alone, in Japanese on a phone.
	d = b.invite("taro", "--read")
	phone := browser.Open(t, base, browsertest.Phone.In("ja").AtNight())
	phone.Run(chromedp.Navigate(d.URL))
	phone.Press("button.main")
	phone.Until("document.querySelector('.secret')")
	phone.Fair(rules, "device", "ja")
	phone.Shot("signin-device-ja-phone-dark")
	secret, err := otp.ParseSecret(phone.Ask("document.querySelector('.secret').textContent"))
	if err != nil {
		t.Fatal(err)
	}
	phone.TabTo("#digits")
	phone.Keys(otp.Account{Secret: secret}.Code(time.Now()))
	phone.Enter("\r")
	phone.Until("location.pathname === '/'")
	if status := phone.Await(`fetch("/api/v1/prove", {method: "POST", headers: {"X-Omamori-CSRF": "x"}, body: "{}"}).then(r => r.status)`); status != "403" {
		t.Errorf("a reader acts: %s", status)
	}
	if status := phone.Await(`fetch("/api/v1/status").then(r => r.status)`); status != "200" {
		t.Errorf("a reader does not read: %s", status)
	}
	phone.Forgive("403")
	phone.GoTo("/link/disk")
	if got := phone.Ask("document.querySelectorAll('form').length"); got != "0" {
		t.Errorf("a reader is shown %s forms", got)
	}

	phone.Blank() // another tab forgets all cookies: what is open would ask in vain

	// A passkey cannot be bound to an IP address, and the page says so.
	at := strings.Replace(base, "omamori.localhost", "127.0.0.1", 1)
	for lang, want := range map[string]string{"en": "never to an IP address", "ja": "IP アドレスでは使えません"} {
		byAddress := browser.Open(t, at, browsertest.Phone.In(lang))
		byAddress.Run(chromedp.Navigate(at + "/signin"))
		byAddress.Until(browsertest.Text("main") + ".includes(" + browsertest.Quoted(want) + ")")
		byAddress.Fair(rules, "by address", lang)
		byAddress.Shot("signin-" + lang + "-phone")
	}
}
