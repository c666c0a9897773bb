package api

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// The text format of Prometheus is written by hand: its library would cost the guard more
// than 4 MB of memory all day.

// family is one metric with its samples.
type family struct {
	name, help string
	samples    []sample
}

type sample struct {
	labels []string // names and values
	value  float64
}

func (f *family) add(value float64, labels ...string) {
	f.samples = append(f.samples, sample{labels, value})
}

var verdicts = []chain.Verdict{chain.Holds, chain.Broken, chain.Unproven}

// figures writes how things stand.
func figures(s guard.Status) []byte {
	build := &family{name: "omamori_build_info", help: "The version of the guard, always 1."}
	build.add(1, "version", s.Guard.Version)
	started := &family{name: "omamori_start_time_seconds", help: "When the guard began, in seconds since 1970."}
	started.add(seconds(s.Guard.Started))
	troubles := &family{name: "omamori_troubles", help: "How many things keep the guard from doing all of its work."}
	troubles.add(float64(len(s.Guard.Troubles)))

	goal := &family{name: "omamori_goal_verdict", help: "1 for the verdict that a goal has: holds, broken or unproven."}
	margin := &family{name: "omamori_goal_margin", help: "How many further losses a goal survives: now (what is unproven counts as lost) and if_all_well; -1 is out of reach now."}
	back := &family{name: "omamori_goal_way_back_seconds", help: "How long the fastest way back to a goal takes; absent where there is none."}
	for _, g := range s.Goals {
		for _, v := range verdicts {
			goal.add(one(g.Verdict == v), "goal", g.Name, "verdict", v.String())
		}
		if g.Margin.Now != nil {
			margin.add(float64(*g.Margin.Now), "goal", g.Name, "counted", "now")
		}
		if g.Margin.IfAllWell != nil {
			margin.add(float64(*g.Margin.IfAllWell), "goal", g.Name, "counted", "if_all_well")
		}
		if g.WayBack != nil {
			back.add(*g.WayBack, "goal", g.Name)
		}
	}
	link := &family{name: "omamori_link_verdict", help: "1 for the verdict that a link has: holds, broken or unproven."}
	proved := &family{name: "omamori_link_proved_timestamp_seconds", help: "When a link was last tried, in seconds since 1970."}
	took := &family{name: "omamori_link_proof_duration_seconds", help: "How long the last proof of a link took."}
	for _, l := range s.Links {
		for _, v := range verdicts {
			link.add(one(l.Verdict == v), "link", l.Name, "kind", l.Kind, "verdict", v.String())
		}
		if !l.ProvedAt.IsZero() {
			proved.add(seconds(l.ProvedAt), "link", l.Name, "kind", l.Kind)
			took.add(l.TookMS/1000, "link", l.Name, "kind", l.Kind)
		}
	}
	open, lost := 0, 0
	for _, i := range s.Incidents {
		if i.Ended == nil {
			open++
		}
	}
	for _, t := range s.Things {
		if t.Lost {
			lost++
		}
	}
	incidents := &family{name: "omamori_open_incidents", help: "How many incidents are open."}
	incidents.add(float64(open))
	things := &family{name: "omamori_lost_things", help: "How many things are said to be lost."}
	things.add(float64(lost))

	var out bytes.Buffer
	for _, f := range []*family{build, started, troubles, goal, margin, back, link, proved, took, incidents, things} {
		f.write(&out)
	}
	return out.Bytes()
}

func (f *family) write(out *bytes.Buffer) {
	if len(f.samples) == 0 {
		return
	}
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", f.name, f.help, f.name)
	for _, s := range f.samples {
		out.WriteString(f.name)
		for i := 0; i+1 < len(s.labels); i += 2 {
			before := ","
			if i == 0 {
				before = "{"
			}
			fmt.Fprintf(out, `%s%s="%s"`, before, s.labels[i], quoted.Replace(strings.ToValidUTF8(s.labels[i+1], "�")))
		}
		if len(s.labels) > 0 {
			out.WriteByte('}')
		}
		out.WriteString(" " + strconv.FormatFloat(s.value, 'g', -1, 64) + "\n")
	}
}

// quoted escapes the value of a label.
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func one(so bool) float64 {
	if so {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
