//go:build browser

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/omamori-guard/omamori/web/browsertest"
)

// TestPictures takes pictures of both laptops' pages while the story is played: make
// week-pictures. They are kept where $OMAMORI_PICTURES says.
func TestPictures(t *testing.T) {
	dir := programs(t)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "week"), "-programs", dir, "-json", "-page", "-lang", "en")
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
	await := func(is func(e event) bool) {
		t.Helper()
		for {
			var e event
			if err := lines.Decode(&e); err != nil {
				t.Fatalf("the play ends: %v", err)
			}
			if is(e) {
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
	browser := browsertest.Start(t)
	tabs := map[string]*browsertest.Tab{}
	for _, act := range []string{asItWas, asItWould} {
		form := browsertest.Desktop
		tab := browser.Open(t, "http://"+pageHosts[act], form)
		tab.Run(chromedp.Navigate(links[act]))
		tab.Press("button.main")
		tab.Until("location.pathname === '/' && document.documentElement.dataset.news !== undefined && document.querySelectorAll('.goal.holds').length === 2")
		tab.Shot("week-" + act + "-start")
		tabs[act] = tab
	}
	if _, err := io.WriteString(enter, "\n"); err != nil {
		t.Fatal(err)
	}
	// Its shell stays lost from the winter on, the other's blog only until the week is over.
	tabs[asItWould].Until("document.querySelectorAll('.goal.broken').length >= 1 && document.querySelector('.edges .lit')")
	tabs[asItWould].Shot("week-would-winter")
	tabs[asItWas].Until("document.querySelectorAll('.goal.broken').length === 2 && document.querySelector('.edges .lit')")
	tabs[asItWas].Shot("week-was-down")
	await(func(e event) bool { return e.Is == isAsk })
	tabs[asItWould].Until("document.querySelector('.goal.holds')")
	tabs[asItWould].Shot("week-would-end")
	tabs[asItWas].Blank()
	tabs[asItWould].Blank()
	if _, err := io.WriteString(enter, "\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
