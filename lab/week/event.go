package main

import (
	"encoding/json"
	"time"
)

// What an event is.
const (
	isChapter = "chapter" // a chapter begins
	isBlow    = "blow"    // what befalls the owner, or what he does not do: the story's part
	isTyped   = "typed"   // a command that a person types
	isSaid    = "said"    // what the command printed
	isRecord  = "record"  // a record of a guard's journal
	isMargin  = "margin"  // a margin, as the laptop's guard reckons it
	isRow     = "row"     // what came of a system of the story
	isSum     = "sum"
	isJournal = "journal" // all that a guard's journal has at the end, as omamori journal --json prints it
	isPage    = "page"    // where the laptop's guard has its page
	isReady   = "ready"
	isOver    = "over"
	isAsk     = "ask" // a person is asked to press Enter
	isFailed  = "failed"
)

// event is one thing that happened in an act, as the act tells it to the play.
type event struct {
	Act  string    `json:"act,omitempty"`
	Is   string    `json:"is"`
	Host string    `json:"host,omitempty"`
	At   time.Time `json:"at,omitzero"`
	// Mark is the verdict that a record is about: ✓, ✗, → or ·.
	Mark string `json:"mark,omitempty"`
	Text string `json:"text,omitempty"`
	// Seq is the number of a record in the journal of its guard.
	Seq int64 `json:"seq,omitempty"`
	// Number is that of a person's act among those that count, from 1.
	Number int  `json:"number,omitempty"`
	Row    *row `json:"row,omitempty"`
	Sum    *sum `json:"sum,omitempty"`
	// Margin and WayBack are of a margin; nil where there is none.
	Margin  *int     `json:"margin,omitempty"`
	WayBack *float64 `json:"way_back_s,omitempty"`
}

// row is one system of the story, and what came of it. Act one tells what happened, act
// two what omamori did.
type row struct {
	What     string `json:"what"`
	Happened string `json:"happened,omitempty"`
	Did      string `json:"did,omitempty"`
	Proof    string `json:"proof,omitempty"`
	Good     bool   `json:"good"`
}

// sum is what an act took.
type sum struct {
	// CountedS are the days that the plan of the guard reckons, which are not waited for.
	CountedS float64 `json:"counted_s,omitempty"`
	// MachineS was measured, from the first thing a person typed until the blog answered; 0
	// where it never did.
	MachineS float64 `json:"machine_s,omitempty"`
	Acts     int     `json:"acts,omitempty"`
	// WayBackS is what the laptop's guard reckons in the end, where the blog is not back.
	WayBackS float64 `json:"way_back_s,omitempty"`
}

// tell tells the play of an event.
func (s *stage) tell(e event) {
	b, err := json.Marshal(e)
	s.must("tell", err)
	_, err = s.out.Write(append(b, '\n'))
	s.must("tell", err)
}

func (s *stage) chapter(name string) { s.tell(event{Is: isChapter, Text: name}) }

// blow says in the story's words what happens, or does not.
func (s *stage) blow(key string, pairs ...string) {
	s.tell(event{Is: isBlow, Text: s.lang.Text(key, pairs...)})
}

// typed shows what a person types.
func (s *stage) typed(host, command string) {
	s.tell(event{Is: isTyped, Host: host, Text: command})
}

// act is typed where a person's acts count.
func (s *stage) act(host, command string) {
	s.acts++
	s.tell(event{Is: isTyped, Host: host, Text: command, Number: s.acts})
}

func (s *stage) said(host, text string) {
	s.tell(event{Is: isSaid, Host: host, Text: text})
}

// happened and did are the halves of a row.
func (s *stage) happened(what, text string) {
	s.tell(event{Is: isRow, Row: &row{What: what, Happened: text}})
}

func (s *stage) did(what, text, proof string, good bool) {
	s.tell(event{Is: isRow, Row: &row{What: what, Did: text, Proof: proof, Good: good}})
}
