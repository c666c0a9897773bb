package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/ways/waystest"
)

const sample = `<?xml version="1.0"?>
<opsa-mef><define-fault-tree name="small">
<define-gate name="top"><label>what is to be avoided</label><or><gate name="two"/><basic-event name="a"/><and><basic-event name="b"/><event name="c"/></and></or></define-gate>
<define-gate name="two"><atleast min="2"><basic-event name="d"/><basic-event name="e"/><basic-event name="f"/></atleast></define-gate>
</define-fault-tree>
<model-data><define-basic-event name="a"><float value="0.1"/></define-basic-event></model-data></opsa-mef>`

func TestReadOpenPSA(t *testing.T) {
	got, err := readOpenPSA(strings.NewReader(sample))
	want := []waystest.Gate{
		waystest.And("top.2", "b", "c"), waystest.Or("top", "two", "a", "top.2"),
		{Name: "two", Least: 2, Of: []string{"d", "e", "f"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) || topOf(got) != "top" {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{
		"", "<opsa-mef>", strings.Replace(sample, "<and>", "<not>", 1),
		strings.ReplaceAll(strings.ReplaceAll(sample, "<and>", "<xor>"), "</and>", "</xor>"), strings.Replace(sample, `min="2"`, `min="4"`, 1),
	} {
		if gates, err := readOpenPSA(strings.NewReader(bad)); err == nil {
			t.Errorf("%.60q is read as %+v", bad, gates)
		}
	}
}

func FuzzReadOpenPSA(f *testing.F) {
	f.Add(sample)
	f.Add("<define-gate name='g'><and/></define-gate>")
	f.Fuzz(func(t *testing.T, s string) {
		gates, err := readOpenPSA(strings.NewReader(s))
		for _, g := range gates {
			if err == nil && (g.Least < 1 || g.Least > len(g.Of)) {
				t.Errorf("%+v", g)
			}
		}
	})
}
