package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/omamori-guard/omamori/chain"
)

// memory is what a guard keeps over a restart: incidents, and what persons said.
// Proofs by machine are made anew; until then their links are unproven.
type memory struct {
	Open    []*chain.Incident      `json:"open,omitempty"`
	Ended   []*chain.Incident      `json:"ended,omitempty"`
	Answers map[string]chain.Proof `json:"answers,omitempty"`
	// Asked has, for each answer, the print of the settings of the link that it was given
	// for: an answer to another question is none.
	Asked map[string]string     `json:"asked,omitempty"`
	Told  map[string]toldMemory `json:"told,omitempty"`
	// Said is what somebody last said of things, Alarms what was told of margins,
	// Fallen what was and is over.
	Said   map[string]word  `json:"said,omitempty"`
	Alarms map[string]*fall `json:"alarms,omitempty"`
	Fallen []*fall          `json:"fallen,omitempty"`
	// Ends are what was last seen to end, by link: a server that does not answer after a
	// restart makes no deadline forgotten.
	Ends map[string][]chain.End `json:"ends,omitempty"`
}

// toldMemory is what has been told of an open incident.
type toldMemory struct {
	Begun bool   `json:"begun"`
	Cause string `json:"cause"`
	Print string `json:"print,omitempty"`
	// GaveUp: the owner was called; the same evidence starts no new tries.
	GaveUp bool `json:"gave_up,omitempty"`
}

const memoryKey = "guard"

// save keeps the memory, if it has changed.
func (g *Guard) save() {
	m := memory{
		Open: g.incidents.Open(), Ended: g.ended, Answers: map[string]chain.Proof{}, Asked: map[string]string{}, Told: map[string]toldMemory{},
		Said: g.said, Alarms: g.alarms, Fallen: g.fallen, Ends: g.ends,
	}
	for name, l := range g.links {
		if p, ok := g.state.Proof(name); ok && l.person() && l.From == "" {
			m.Answers[name], m.Asked[name] = p, l.print()
		}
	}
	for id, d := range g.mends {
		m.Told[id] = toldMemory{d.begun, d.cause, d.print, d.gaveUp}
	}
	b, err := json.Marshal(m)
	if err != nil {
		g.o.Log.Error("remember", "error", err)
		return
	}
	if bytes.Equal(b, g.saved) {
		return
	}
	g.o.Journal.NoteState(memoryKey, b)
	g.saved = b
}

// restore takes the memory up. One that cannot be read is left alone and said:
// the incidents are in the journal.
func (g *Guard) restore() {
	b, err := g.o.Journal.LoadState(g.ctx, memoryKey)
	if err != nil || len(b) == 0 {
		if err != nil {
			g.o.Log.Warn("read what was remembered", "error", err)
		}
		return
	}
	var m memory
	if err := json.Unmarshal(b, &m); err != nil {
		g.o.Log.Warn("read what was remembered", "error", err)
		return
	}
	m.Open = slices.DeleteFunc(m.Open, func(i *chain.Incident) bool { return i == nil })
	g.ended = slices.DeleteFunc(m.Ended, func(i *chain.Incident) bool { return i == nil })
	g.incidents.Restore(m.Open)
	for _, i := range m.Open {
		t := m.Told[i.ID]
		g.mends[i.ID] = &mend{incident: i, phase: told, begun: t.Begun, cause: t.Cause, print: t.Print, gaveUp: t.GaveUp,
			tried: servicesOfDeeds(i.Deeds)}
	}
	maps.Copy(g.said, m.Said)
	maps.Copy(g.ends, m.Ends)
	for name, f := range m.Alarms {
		if f != nil && f.To != nil {
			g.alarms[name] = f
		}
	}
	g.fallen = slices.DeleteFunc(m.Fallen, func(f *fall) bool { return f == nil })
	for name, p := range m.Answers {
		asked, known := m.Asked[name]
		if l := g.links[name]; l != nil && l.person() && l.From == "" && (!known || asked == l.print()) {
			g.state.Fold(name, p)
		}
	}
}

// print tells a link's settings from others.
func (l *link) print() string {
	b, err := json.Marshal(l.Settings)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", l.Kind.Name, b))
	return hex.EncodeToString(sum[:8])
}
