package web

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

func TestTemplates(t *testing.T) {
	for _, lang := range words.Langs {
		parse(lang)
	}
}

// A yes that comes late is asked for anew: what was shown may be so no longer.
func TestAYesDoesNotCountForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a asked
		v, fields := signin.Visitor{CSRF: "x"}, url.Values{"yes": {"1"}}
		for wait, want := range map[time.Duration]bool{answerTime: true, answerTime + time.Second: false} {
			c := confirm{Fields: fields, Back: "/drills"}
			a.ask(v, "/drill/codes", &c)
			time.Sleep(wait)
			if sure, then := a.answer(c.Sure, about(v, "/drill/codes", fields)); sure != want || then != "" {
				t.Errorf("after %s: %v %q", wait, sure, then)
			}
		}
	})
}
