package site

import (
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Problem is something that the user is to know or to put right.
type Problem struct{ text, hint chain.Text }

func (p *Problem) Error() string { return words.English.Say(p.text) }

// Said says it to a person, with what to do about it.
func (p *Problem) Said() (text, hint chain.Text) { return p.text, p.hint }

func problem(text, hint chain.Text) error { return &Problem{text, hint} }
