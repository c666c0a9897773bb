//go:build lab

package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// fault is one failure of a server, made on the real thing, and what is to come of it.
type fault struct {
	name string
	// make makes it; it runs as root on the host, when all is well. By does so where
	// that takes more than a script.
	make string
	by   func(*host)
	// asleep says that the guard does not run while it is made.
	asleep bool
	// link is the one to blame, cause its code, and evidence quotes the source.
	link, cause, evidence string
	// did is what may be done about it. Next is a part of what a person is told, where
	// one is needed; without it the fault is mended.
	did  []chain.Verb
	next string
	// broken lists the links that do not hold then, link among them; the others do.
	broken []string
	// others lists what opens incidents of its own; maybe what may, and may be broken.
	others, maybe []string
	// undo is what a person does, as he was told; then all is well again. After is what
	// omamori does then by itself.
	undo  string
	after []chain.Verb
	// look looks at what else must be so.
	look func(*host, guard.IncidentStatus)
}

// row is what came of a fault.
type row struct {
	fault, cause, evidence, deed, verdict string
	found, without                        time.Duration
}

func (r row) String() string {
	found, without := "–", "–" // of one that is several
	if r.found > 0 {
		found = r.found.Round(10 * time.Millisecond).String()
		without = r.without.Round(10 * time.Millisecond).String()
	}
	return strings.Join([]string{r.fault, found, r.cause, r.evidence, r.deed, without, r.verdict}, "\t")
}

// of takes down what an incident says.
func (r *row) of(i guard.IncidentStatus, evidence string) {
	r.cause = i.Link + ": " + i.Cause
	r.deed = strings.Trim(fmt.Sprint(verbs(i)), "[]")
	for _, line := range i.Evidence {
		if strings.Contains(line, evidence) {
			r.evidence = clip(line)
			break
		}
	}
}

// TestFaults makes every failure of the table on a host like the story's: found, named,
// mended or told.
func TestFaults(t *testing.T) {
	h := newBlog(t)
	var rows []row
	for _, f := range slices.Concat(ofMariaDB(), ofItsDisk(), ofPHP(), ofServers(), ofTheHost()) {
		t.Run(f.name, func(t *testing.T) {
			h := h.sub(t)
			r := row{fault: f.name, verdict: "FAIL"}
			defer func() { // also of one that ended the test
				rows = append(rows, r)
				if t.Failed() { // whatever is left of it
					_, _ = h.Do(h.Context(), f.undo)   //nolint:errcheck // it may have been undone
					_, _ = h.Do(h.Context(), restored) //nolint:errcheck // the next will find it
				}
				h.fresh()
			}()
			met := h.meet(f)
			if !t.Failed() {
				r = met
			}
			h.Log(met)
		})
	}
	for _, f := range hard() {
		t.Run(f.name, func(t *testing.T) {
			h := h.sub(t)
			r := row{fault: f.name, verdict: "FAIL"}
			defer func() {
				rows = append(rows, r)
				h.fresh()
			}()
			f.meet(h)
			if len(h.saw) > 0 {
				r.of(h.saw[0], "")
			}
			if !t.Failed() {
				r.verdict = "as it should be"
			}
		})
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "\nfault\tfound after\tnamed as\tevidence\tdeed\tvisitors without\tverdict")
	for _, r := range rows {
		fmt.Fprintln(w, r)
	}
	fmt.Fprintln(w)
	w.Flush()
}

// told waits until the guard says what is asked for, in English, and returns that with
// the same in Japanese.
func (h *host) told(what string, limit time.Duration, ok func(guard.Status) bool) (en, ja guard.Status) {
	h.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		out, _ := h.Do(h.Context(), "omamori status --lang en --json || true; omamori status --lang ja --json || true")
		both := json.NewDecoder(strings.NewReader(out))
		en, ja = guard.Status{}, guard.Status{}
		if both.Decode(&en) == nil && both.Decode(&ja) == nil && len(en.Incidents) == len(ja.Incidents) && ok(en) {
			return en, ja
		}
		if time.Now().After(end) {
			out, _ := h.Do(h.Context(), "omamori status --lang en 2>&1 || true; omamori journal --lang en 2>&1 | tail -n 40")
			h.Fatalf("not %s within %v:\n%s", what, limit, out)
		}
	}
}

// limit is for how long a fault may take: it bounds a failing test, and asserts nothing.
const limit = 3 * time.Minute

// meet makes a fault and sees what the guard makes of it.
func (h *host) meet(f fault) (r row) {
	h.Helper()
	r = row{fault: f.name, verdict: "mended"}
	if f.asleep {
		h.do("systemctl stop omamori")
	}
	v := h.visit()
	defer func() { r.without = v.end() }()
	began := time.Now()
	if f.by != nil {
		f.by(h)
	}
	h.do(f.make)
	if f.asleep {
		began = time.Now()
		h.do("systemctl start omamori")
	}
	h.told("found", limit, func(s guard.Status) bool { return len(s.Incidents) > 0 })
	r.found = time.Since(began)
	en, ja := h.told("mended or told", limit, func(s guard.Status) bool {
		i := h.of(f, s)
		switch {
		case i == nil:
			return false
		case f.next != "":
			return i.Cause == f.cause && strings.Contains(i.Next, f.next)
		}
		return i.Ended != nil && well(s)
	})
	i := *h.of(f, en)
	r.of(i, f.evidence)
	h.named(f, i, *h.of(f, ja))
	if r.evidence == "" {
		h.Errorf("no evidence of %q: %q", f.evidence, i.Evidence)
	}
	h.did(i, f.did...)
	var with []string
	for _, o := range en.Incidents {
		if o.ID != i.ID && !slices.Contains(f.others, o.Link) && !slices.Contains(f.maybe, o.Link) {
			with = append(with, o.Link+o.Goal+": "+o.Cause)
		}
	}
	if len(with) > 0 {
		h.Errorf("more than one incident: %q too", with)
	}
	if f.look != nil {
		f.look(h, i)
	}
	if f.next == "" {
		h.lasted(i, en)
		return r
	}
	r.verdict = "told: " + clip(i.Next)
	h.reach("as far as it goes: "+strings.Join(f.broken, ", "), limit, func(s guard.Status) bool {
		return !slices.ContainsFunc(s.Links, func(l guard.LinkStatus) bool {
			return !slices.Contains(f.maybe, l.Name) && (l.Verdict == chain.Broken) != slices.Contains(f.broken, l.Name) ||
				l.Verdict == chain.Unproven && !slices.Contains(readers, l.Name)
		})
	})
	h.do(f.undo)
	if len(f.after) > 0 {
		r.verdict = "told, then mended"
		s := h.reach("mended after that", limit, func(s guard.Status) bool {
			i := byID(s, i.ID) // it may have moved
			return i != nil && i.Ended != nil && well(s)
		})
		h.did(*byID(s, i.ID), append(f.did, f.after...)...)
	}
	return r
}

// of finds the incident of a fault.
func (h *host) of(f fault, s guard.Status) *guard.IncidentStatus {
	for n := range s.Incidents {
		if s.Incidents[n].Link == f.link {
			return &s.Incidents[n]
		}
	}
	return nil
}

func byID(s guard.Status, id string) *guard.IncidentStatus {
	for n := range s.Incidents {
		if s.Incidents[n].ID == id {
			return &s.Incidents[n]
		}
	}
	return nil
}

// named asserts that the cause is the right one, and is said in both languages.
func (h *host) named(f fault, en, ja guard.IncidentStatus) {
	h.Helper()
	if en.Cause != f.cause {
		h.Errorf("named %s, not %s: %s; %q", en.Cause, f.cause, en.Why, en.Evidence)
	}
	if en.Why == "" || ja.Why == "" || en.Why == ja.Why {
		h.Errorf("why: %q, %q", en.Why, ja.Why)
	}
	if f.next != "" && (en.Next == "" || ja.Next == "" || en.Next == ja.Next) {
		h.Errorf("next: %q, %q", en.Next, ja.Next)
	}
	h.Logf("%s: %s | %s\n%s\n%s", en.Link, en.Why, ja.Why, en.Next, ja.Next)
}

// lasted asserts that an incident was over only once all had held for ten seconds and
// the visitor's side was proved after that.
func (h *host) lasted(i guard.IncidentStatus, s guard.Status) {
	h.Helper()
	const hold = 10 * time.Second
	if s.At.Sub(*i.Ended) < hold {
		h.Errorf("over at %v, after %v", s.At, s.At.Sub(*i.Ended))
	}
	rests := map[string][]string{"mariadb": unread, "sql": unread, "php": {front, "post"}, "fpm": {front, "post"}, "nginx": {front, "post"}}
	for _, l := range s.Links {
		if slices.Contains(rests[i.Link], l.Name) && l.ProvedAt.Before(i.Ended.Add(hold)) {
			h.Errorf("%s was proved at %v, and the incident over at %v", l.Name, l.ProvedAt, *i.Ended)
		}
	}
}

func clip(s string) string {
	const most = 90
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
