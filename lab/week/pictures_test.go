//go:build browser

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/words"
)

// TestPictures takes pictures of both laptops' pages while the story is played, and of the
// terminal: make week-pictures. They are kept where $OMAMORI_PICTURES says.
func TestPictures(t *testing.T) {
	browser := browsertest.Start(t)
	for _, lang := range words.Langs {
		t.Run(string(lang), func(t *testing.T) { takePictures(t, browser, lang) })
	}
}

func takePictures(t *testing.T, browser *browsertest.Browser, lang words.Lang) {
	dir := programs(t)
	name := func(of string) string { return of + map[words.Lang]string{words.Japanese: "-ja"}[lang] }
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "week"), "-programs", dir, "-json", "-page", "-lang", string(lang))
	cmd.Stderr = os.Stderr
	enter, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(bufio.NewReader(out))
	var all []event
	var took float64
	await := func(is func(e event) bool) {
		t.Helper()
		for {
			var e struct {
				event
				TookS float64 `json:"took_s"`
			}
			if err := lines.Decode(&e); err != nil {
				t.Fatalf("the play ends: %v", err)
			}
			took += e.TookS // the outcome says it
			all = append(all, e.event)
			if is(e.event) {
				return
			}
		}
	}
	links := map[string]string{}
	await(func(e event) bool {
		if e.Is == isPage {
			links[e.Act] = e.Text
		}
		return e.Is == isAsk
	})
	tabs := map[string]*browsertest.Tab{}
	for _, act := range []string{asItWas, asItWould} {
		tab := browser.Open(t, "http://"+pageHosts[act], browsertest.Desktop.In(string(lang)))
		tab.Run(chromedp.Navigate(links[act]))
		tab.Press("button.main")
		tab.Until("location.pathname === '/' && document.documentElement.dataset.news !== undefined && document.querySelectorAll('.goal.holds').length === 2")
		tab.Shot(name("week-" + act + "-start"))
		tabs[act] = tab
	}
	if _, err := io.WriteString(enter, "\n"); err != nil {
		t.Fatal(err)
	}
	// Its shell stays lost from the winter on, the other's blog only until the week is over.
	const lit = "document.querySelector('.edges .lit[data-f=\"client\"]')"
	tabs[asItWould].Until(lit)
	tabs[asItWould].Shot(name("week-would-winter"))
	tabs[asItWas].Until("document.querySelectorAll('.goal.broken').length === 2 && " + lit)
	tabs[asItWas].Shot(name("week-was-down"))
	tabs[asItWas].ShotOf("#canvas", name("week-chain"))
	await(func(e event) bool { return e.Is == isAsk })
	tabs[asItWould].Until("document.querySelector('.goal.holds')")
	tabs[asItWould].Shot(name("week-would-end"))
	tabs[asItWas].Blank()
	tabs[asItWould].Blank()
	if _, err := io.WriteString(enter, "\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	for _, columns := range []int{80, 120} {
		text := onTerminal(t, all, lang, columns, took)
		shotTerminal(t, browser, name("week-terminal-"+strconv.Itoa(columns)), text, columns)
		_, end, _ := strings.Cut(text, "\x1b[1m"+lang.Text("week.outcome")+"\x1b[m")
		shotTerminal(t, browser, name("week-outcome-"+strconv.Itoa(columns)), "\x1b[1m"+lang.Text("week.outcome")+"\x1b[m"+end, columns)
	}
}
