package cli

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
)

// frames are what a step shows, one after the other, while it is under way.
var frames = [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

const frameTime = 100 * time.Millisecond

// erase goes back to the beginning of the line and empties it.
const erase = "\r\x1b[K"

// progress shows long work on standard error, so that it does not mix with an
// answer: on a terminal a line that moves while a step is under way, a plain line
// for each step elsewhere, nothing with --json.
type progress struct {
	app *App
	// live says that there is a terminal that can go back on a line.
	live bool
	// brief leaves no trace of steps that are over.
	brief bool

	text  string // of the step under way, "" before the first
	began time.Time
	stop  chan struct{}
	moves sync.WaitGroup
}

func (a *App) progress() *progress {
	f, ok := a.Err.(*os.File)
	return &progress{app: a, live: ok && !a.json && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"}
}

// waiting shows text while an answer is awaited, where there is a terminal, and
// leaves no trace of it.
func (a *App) waiting(text chain.Text) *progress {
	p := a.progress()
	p.brief = true
	p.step(text)
	return p
}

// step begins a step; the one before it is over.
func (p *progress) step(t chain.Text) {
	p.end(nil)
	if p.app.json || p.brief && !p.live {
		return
	}
	p.text, p.began = p.app.lang.Say(t), time.Now()
	if !p.live {
		fmt.Fprintln(p.app.Err, p.text)
		return
	}
	p.stop = make(chan struct{})
	p.moves.Go(p.move)
}

// move draws the step until it is over.
func (p *progress) move() {
	w, tick := p.app.style(p.app.Err), time.NewTicker(frameTime)
	defer tick.Stop()
	text := clip(p.text, max(narrow, width(p.app.Err)-3)) // a line that wraps cannot be erased
	for n := 0; ; n++ {
		if n > 0 || !p.brief { // what is over at once does not flicker
			fmt.Fprintf(w, "%s%s %s", erase, yellow.Render(frames[n%len(frames)]), text)
		}
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
	}
}

// end ends the step under way: err says how.
func (p *progress) end(err error) {
	if p.stop == nil {
		return
	}
	close(p.stop)
	p.moves.Wait()
	p.stop = nil
	w := p.app.style(p.app.Err)
	if fmt.Fprint(w, erase); p.brief {
		return
	}
	v := chain.Holds
	if err != nil {
		v = chain.Broken
	}
	took := ""
	if d := time.Since(p.began); d >= time.Second {
		took = "  " + faint.Render(p.app.lang.Duration(d.Truncate(frameTime)))
	}
	fmt.Fprintf(w, "%s %s%s\n", mark(v), p.text, took)
}
