// Package gallery is a made-up machine with a real guard over it, in every state that the
// page can show: for working on the page, and for its tests.
package gallery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// Scenes lists the states, the usual one first.
var Scenes = []string{"calm", "broken", "person", "locked-out", "first", "hostile", "large"}

// World is a made-up machine, its guard and its journal.
type World struct {
	Guard   *guard.Guard
	Journal *Journal
	Door    *Door

	lang words.Lang

	mu     sync.Mutex // protects the fields below
	broken map[string]broken
	ended  []func()
	did    []string
}

type broken struct {
	cause, because, hint string
	evidence             []string
	person               bool // no restart is the answer
}

// Start runs a scene until ctx is done; its journal is in dir. Wait waits for its end.
func Start(ctx context.Context, dir, scene string, lang words.Lang) (w *World, wait func() error, err error) {
	w = &World{lang: lang, broken: map[string]broken{}}
	m := w.story()
	switch scene {
	case "first":
		m.Goals, m.Mends = nil, nil
	case "large":
		m = large(500)
	case "hostile":
		m = hostile()
	}
	file, err := w.file(m)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return nil, nil, err
	}
	w.Journal = &Journal{Journal: j, began: time.Now()}
	w.Door = newDoor()
	w.past(ctx, j)
	w.Guard = guard.New(guard.Options{Config: file, Journal: j, Hands: w, Version: "gallery"})
	done := make(chan error, 1)
	go func() { done <- w.Guard.Run(ctx) }()
	wait = func() error { return errors.Join(<-done, j.Close()) }
	if err := w.scene(ctx, scene); err != nil && ctx.Err() == nil {
		return w, wait, err
	}
	return w, wait, nil
}

// until waits for a status that is as wanted.
func (w *World) until(ctx context.Context, ok func(l guard.LinkStatus) bool) error {
	for {
		s, err := w.Guard.Status(ctx, w.lang)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.Links, func(l guard.LinkStatus) bool { return !ok(l) }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// scene brings about what the scene shows.
func (w *World) scene(ctx context.Context, scene string) error {
	proved := func(l guard.LinkStatus) bool { return l.Person || !l.ProvedAt.IsZero() }
	if err := w.until(ctx, proved); err != nil || scene == "large" || scene == "first" {
		return err
	}
	var err error
	answer := func(link string, yes bool) { err = errors.Join(err, w.Guard.Answer(ctx, link, yes, "mika")) }
	switch scene {
	case "calm", "broken", "person", "locked-out":
		answer("codes", true)
		answer("contact", true)
		answer("mailbox", true)
	}
	switch scene {
	case "broken":
		w.Break("mysqld", "corrupt", w.say("mysqld ends as it starts: a table is damaged", "mysqld が起動直後に終了します。テーブルが破損しています"), true)
		for _, name := range []string{"sql", "blog-page"} {
			w.Break(name, "refused", w.say("the database does not answer", "データベースが応答しません"), true)
		}
	case "person":
		answer("codes", false)
	case "locked-out":
		answer("codes", false)
		err = errors.Join(err, w.Guard.Lose(ctx, "vpnco", true, "mika"))
		w.Break("ssh-fixed", "no_route", w.say("the fixed address is gone: the VPN company has ended PPTP", "固定アドレスが使えません。VPN 会社が PPTP を終了しました"), true)
		w.Break("ssh-knock", "lease_refused", w.say("the door gives no lease: the clock of the laptop is wrong", "入口が許可を出しません。ノートパソコンの時計が合っていません"), true)
		w.Break("login", "refused", w.say("the console asks for a code, and takes none", "コンソールがコードを受け付けません"), true)
		w.Break("mysqld", "killed", w.say("mysqld was killed by the kernel for memory", "mysqld がメモリー不足でカーネルに終了させられました"), true)
	case "hostile":
		for name := range w.hostileNames() {
			w.Break(name, "<b>cause</b>", "<script>window.hacked=1</script> \u202Egnorw si siht \x1b[31m "+strings.Repeat("x", 3000), true)
		}
	}
	return errors.Join(err, w.until(ctx, func(l guard.LinkStatus) bool { // as it was brought about
		w.mu.Lock()
		_, bad := w.broken[l.Name]
		w.mu.Unlock()
		return l.Person || bad == (l.Verdict == chain.Broken)
	}))
}

func (w *World) say(en, ja string) string {
	if w.lang == words.Japanese {
		return ja
	}
	return en
}

// Break breaks a link; byPerson says that no restart mends it.
func (w *World) Break(link, cause, because string, byPerson bool) {
	b := broken{cause: cause, because: because, person: byPerson,
		hint: w.say("look at its log: journalctl -u mariadb -n 50", "ログを確かめてください: journalctl -u mariadb -n 50"),
		evidence: []string{
			"[Note] InnoDB: Starting crash recovery from checkpoint LSN=48211",
			"[ERROR] InnoDB: Database page corruption on disk or a failed read of file './wp/wp_posts.ibd' page [page id: space=14, page number=3]",
			"[ERROR] mysqld got signal 6 ;",
		}}
	if strings.Contains(cause, "<") { // a megabyte of what others wrote
		b.evidence = slices.Repeat([]string{"<img src=x onerror=window.hacked=1> \u202E\u2066 " + strings.Repeat("ログ", 800)}, 220)
	}
	w.mu.Lock()
	w.broken[link] = b
	ended := w.ended
	w.mu.Unlock()
	for _, f := range ended {
		f()
	}
}

// Mend puts a link back.
func (w *World) Mend(link string) {
	w.mu.Lock()
	delete(w.broken, link)
	ended := w.ended
	w.mu.Unlock()
	for _, f := range ended {
		f()
	}
}

// Did lists the deeds that were done.
func (w *World) Did() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

// The world is its own hands.

// Do does a deed: every restart helps.
func (w *World) Do(_ context.Context, d chain.Deed) (chain.Done, error) {
	w.mu.Lock()
	w.did = append(w.did, string(d.Verb)+" "+d.Service)
	w.mu.Unlock()
	w.Mend(d.Service)
	return chain.Done{Deed: d}, nil
}

// Evidence is that of a dead service.
func (w *World) Evidence(_ context.Context, service string) (chain.Evidence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, dead := w.broken[service]
	return chain.Evidence{Service: service, Process: chain.Process{PID: 7, Running: !dead, State: "S", KnownExit: dead, Signal: 9}, Log: w.broken[service].evidence}, nil
}

// Process is a service's.
func (w *World) Process(ctx context.Context, service string) (chain.Process, error) {
	e, err := w.Evidence(ctx, service)
	return e.Process, err
}

// Watch tells of every change.
func (w *World) Watch(ctx context.Context, _ string, ended func()) error {
	w.mu.Lock()
	w.ended = append(w.ended, ended)
	w.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

var errNone = errors.New("there is none here")

// ReadFile reads nothing.
func (w *World) ReadFile(context.Context, string) ([]byte, error) { return nil, errNone }

// Dial reaches nothing.
func (w *World) Dial(context.Context, string) (net.Conn, error) { return nil, errNone }

func text(s string) chain.Text { return chain.Say("chain.error", "error", s) }

// prover is a machine's.
type prover struct {
	w    *World
	name string
}

func (p prover) Prove(context.Context) chain.Proof {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if b, bad := p.w.broken[p.name]; bad {
		proof := chain.Broke(b.cause, text(b.because), text(b.hint))
		proof.Evidence = b.evidence
		return proof
	}
	held := chain.Held(text(p.w.say("it answers as it should", "正しく応答しています")))
	if p.name == "certificate" {
		held.Ends = []chain.End{{At: certificateEnds(time.Now()), What: chain.Say("tls.ends", "name", "blog.example.jp"), Hint: chain.Say("tls.cert_ends_hint")}}
	}
	return held
}

// certificateEnds is the day after the next 15th of a month that is more than a fortnight away.
func certificateEnds(now time.Time) time.Time {
	at := now.AddDate(0, 0, 14)
	return time.Date(at.Year(), at.Month()+1, 16, 0, 0, 0, 0, time.Local)
}

// service is a prover that can be mended.
type service struct{ prover }

func (s service) Service() string { return s.name }

func (s service) Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	plan := chain.Plan{Cause: p.Cause, Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if !s.w.broken[s.name].person && !e.Process.Running {
		plan.Deeds = []chain.Deed{{Verb: chain.Start, Service: s.name}}
	}
	return plan
}

func (s service) Watch(ctx context.Context, wake func()) error { return s.w.Watch(ctx, s.name, wake) }

// watched wakes with every change too, so that a scene is there at once.
type watched struct{ prover }

func (s watched) Watch(ctx context.Context, wake func()) error { return s.w.Watch(ctx, s.name, wake) }

// person is a claim.
type person struct {
	prover
	ask string
}

func (p person) Ask() chain.Text { return text(p.ask) }

func (w *World) file(m chain.Model) (*config.File, error) {
	f := &config.File{Path: "/etc/omamori/omamori.yaml", Lang: w.lang}
	for i, l := range m.Links {
		if l.Fresh == 0 {
			m.Links[i].Fresh = 45 * time.Second
		}
		ask := w.questions()[l.Name]
		if l.Person {
			m.Links[i].Fresh = 90 * 24 * time.Hour
		}
		var p chain.Prover = watched{prover{w, l.Name}}
		switch {
		case l.Person:
			p = person{prover{w, l.Name}, ask}
		case l.Name == "mysqld" || l.Name == "php-fpm":
			p = service{prover{w, l.Name}}
		}
		f.Links = append(f.Links, config.Link{Name: l.Name, Every: 10 * time.Second, Timeout: 5 * time.Second, Fresh: m.Links[i].Fresh,
			Mend: l.Name != "php-fpm", // as an owner may want it: told, and mended when he says so
			Kind: chain.Kind{Name: l.Kind, Person: l.Person, New: func(any, chain.Place) (chain.Prover, error) { return p, nil }}})
	}
	c, bad := chain.New(m)
	if bad != nil {
		return nil, fmt.Errorf("make the chain: %v", bad)
	}
	f.Chain = c
	return f, nil
}

// Journal is a real one, with a made-up past for its plots.
type Journal struct {
	*journal.Journal
	began time.Time
}

// Plot adds a past to what was measured.
func (j *Journal) Plot(ctx context.Context, link string, since time.Time) ([]journal.Point, error) {
	real, err := j.Journal.Plot(ctx, link, since)
	span := time.Minute
	if time.Since(since) > 3*24*time.Hour {
		span = time.Hour
	}
	var all []journal.Point
	seed := uint32(len(link)) * 2654435761
	for at := since.Truncate(span); at.Before(j.began.Add(-span)); at = at.Add(span) {
		seed = seed*1664525 + 1013904223
		p := journal.Point{At: at, Span: span, Holds: 6, Took: time.Duration(2000+seed>>22) * time.Microsecond}
		p.Slowest = p.Took * time.Duration(2+seed>>30)
		switch n := at.Unix() / 60 % 2600; {
		case n < 9:
			p.Holds, p.Broken = 0, 6
		case n < 14:
			p.Holds, p.Unproven = 0, 6
		}
		all = append(all, p)
	}
	return append(all, real...), err
}

// Door is one without a firewall.
type Door struct {
	mu sync.Mutex // protects the field below
	s  hands.DoorState
}

func newDoor() *Door {
	d := &Door{s: hands.DoorState{Rules: &door.Rules{Closed: []uint16{22}}, Wall: door.Wall{There: true, Sound: true, Closed: []uint16{22}}, Page: true}}
	now := time.Now()
	d.s.Leases = []door.Lease{{ID: door.NewID(), From: netip.MustParsePrefix("203.0.113.7/32"), Ports: []uint16{22}, Since: now.Add(-20 * time.Minute),
		Until: now.Add(40 * time.Minute), Who: "mika@example.jp", Why: "omamori ssh blog"}}
	return d
}

// Look says how it stands.
func (d *Door) Look(context.Context) (hands.DoorState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.s
	s.Leases = slices.DeleteFunc(slices.Clone(s.Leases), func(l door.Lease) bool { return time.Now().After(l.Until) })
	return s, nil
}

// Open makes a lease.
func (d *Door) Open(_ context.Context, from netip.Addr, last time.Duration, who string) (door.Lease, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	l := door.Lease{ID: door.NewID(), From: netip.PrefixFrom(from, from.BitLen()), Ports: []uint16{22}, Since: now, Until: now.Add(last), Who: who}
	d.s.Leases = append(d.s.Leases, l)
	return l, nil
}

// End ends a lease.
func (d *Door) End(_ context.Context, id, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.Leases = slices.DeleteFunc(d.s.Leases, func(l door.Lease) bool { return l.ID == id })
	return nil
}
