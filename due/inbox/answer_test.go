package inbox

import (
	"testing"
	"time"
)

// TestAnswered: who answers our mail gives its code back. Our mail itself, in the same
// mailbox, does not, nor does a note that somebody is away; and no other code counts.
func TestAnswered(t *testing.T) {
	d := newDovecot(t)
	d.mail("", "1", []byte("From: guard@example.jp\nTo: owner@example.jp\nSubject: omamori: does this reach you? (ABCDEFGH)\nMessage-ID: <1@x>\n\ncode ABCDEFGH\n"))
	d.mail("", "2", []byte("From: owner@example.jp\nSubject: Re: omamori: does this reach you? (ABCDEFGH)\nIn-Reply-To: <1@x>\nAuto-Submitted: auto-replied\nMessage-ID: <2@x>\n\nI am away\n"))
	d.mail("", "3", []byte("From: owner@example.jp\nSubject: Re: omamori: does this reach you? (ZZZZ2222)\nIn-Reply-To: <0@x>\nMessage-ID: <3@x>\n\nyes\n"))
	j := d.job()
	j.Codes = []string{"JJJJ7777", "ABCDEFGH"}
	a := Read(t.Context(), j, time.Now())
	if a.Error != "" || a.Looked != 3 || len(a.Confirmed) != 0 {
		t.Fatalf("got %+v", a)
	}
	j.Cursors = a.Cursors
	// The Japanese one, as a mail program writes it; and once more, from another address.
	d.mail("", "4", []byte("From: Owner <owner@example.jp>\nDate: Sun, 29 Nov 2026 08:00:00 +0900\nSubject: =?UTF-8?B?UmU6IG9tYW1vcmk6IOOBk+OBruODoeODg+OCu+ODvOOCuOOBr+WxiuOBhOOBpuOBhOOBvuOBmeOBi++8iGFiY2RlZmdo77yJ?=\nReferences: <1@x>\nMessage-ID: <4@x>\n\nはい\n"))
	d.mail("", "5", []byte("From: other@example.jp\nSubject: AW: (ABCDEFGH)\nReferences: <1@x>\nMessage-ID: <5@x>\n\nja\n"))
	a = Read(t.Context(), j, time.Now())
	if a.Error != "" || len(a.Confirmed) != 1 || a.Confirmed[0].Code != "ABCDEFGH" || a.Confirmed[0].From != "owner@example.jp" || a.Confirmed[0].Date.Hour() != 8 && a.Confirmed[0].Date.UTC().Hour() != 23 {
		t.Fatalf("got %+v", a)
	}
	if len(a.Found) != 0 {
		t.Errorf("an answer was taken for a notice: %+v", a.Found)
	}
}
