package control

import (
	"errors"
	"slices"
	"testing"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

func TestRescue(t *testing.T) {
	f, _, path := served(t, 0)
	c := NewClient(path, words.Japanese)
	if s, err := c.Rescue(t.Context(), "blog"); err != nil || s.Goal != "blog" || s.Title != "ja" {
		t.Errorf("%+v %v", s, err)
	}
	s, err := c.RescueAct(t.Context(), guard.RescueAct{Goal: "blog", Act: "begin", Who: "an\x1bowner"})
	if err != nil || s.Goal != "blog" || s.Title != "ja" || !slices.Equal(f.answered, []string{"begin", "an\uFFFDowner"}) {
		t.Errorf("%+v %v %q", s, err, f.answered)
	}
	var refused *guard.Refused
	if _, err := c.RescueAct(t.Context(), guard.RescueAct{Goal: "blog", Act: "no", Step: "x"}); !errors.As(err, &refused) || refused.Code != "bad_act" || refused.Name != "x" {
		t.Errorf("%v", err)
	}
}
