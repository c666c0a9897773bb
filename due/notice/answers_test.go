package notice

import (
	"strings"
	"testing"
)

// A person's answer is told from what programs write by themselves, and from a mail that
// answers none.
func TestAnswers(t *testing.T) {
	const head = "From: a@example.jp\nSubject: Re: does this reach you? (ABCDEFGH)\n"
	for more, want := range map[string]bool{
		"":                          false,
		"In-Reply-To: <1@x>\n":      true,
		"References: <1@x> <2@x>\n": true,
		"In-Reply-To: <1@x>\nPrecedence: normal\nAuto-Submitted: no\n":                                  true,
		"In-Reply-To: <1@x>\nAuto-Submitted: auto-replied\n":                                            false,
		"In-Reply-To: <1@x>\nAuto-Submitted: auto-replied; x=y\n":                                       false,
		"In-Reply-To: <1@x>\nAuto-Submitted: auto-generated\n":                                          false,
		"In-Reply-To: <1@x>\nPrecedence: bulk\n":                                                        false,
		"In-Reply-To: <1@x>\nX-Autoreply: yes\n":                                                        false,
		"In-Reply-To: <1@x>\nX-Auto-Response-Suppress: All\n":                                           false,
		"In-Reply-To: <1@x>\nList-Id: <x>\n":                                                            false,
		"In-Reply-To: <1@x>\nReturn-Path: <>\n":                                                         false,
		"In-Reply-To: <1@x>\nContent-Type: multipart/report; boundary=x; report-type=delivery-status\n": false,
	} {
		m, err := Parse(strings.NewReader(head + more + "\nyes\n"))
		if err != nil {
			t.Fatal(err)
		}
		if m.Answers != want {
			t.Errorf("%q: %v", more, m.Answers)
		}
	}
}
