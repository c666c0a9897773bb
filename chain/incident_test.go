package chain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

const blog = `
disk
mysqld -> disk
sql -> mysqld
nginx
front -> nginx sql
= blog: front
`

// play folds verdicts second by second. Each word is "link+" (holds), "link-"
// (broken), "link?" (unproven); all else is proved again as it was. It returns
// what happened as "3s opened mysqld".
func play(t *testing.T, drawing string, seconds ...string) (happened []string, in *chain.Incidents, end time.Time) {
	t.Helper()
	c, bad := chain.New(draw(drawing))
	if bad != nil {
		t.Fatal(bad)
	}
	s, in := chain.NewState(c), &chain.Incidents{Hold: 10 * time.Second}
	start := time.Date(2017, 8, 2, 12, 0, 0, 0, time.UTC)
	is := map[string]chain.Verdict{}
	for _, l := range c.Model().Links {
		is[l.Name] = chain.Holds
	}
	for i, words := range seconds {
		now := start.Add(time.Duration(i) * time.Second)
		for _, w := range strings.Fields(words) {
			is[w[:len(w)-1]] = map[byte]chain.Verdict{'+': chain.Holds, '-': chain.Broken, '?': chain.Unproven}[w[len(w)-1]]
		}
		for l, v := range is {
			s.Fold(l, chain.Proof{Verdict: v, At: now})
		}
		for _, ch := range in.Fold(s, s.Look(now), nil) {
			happened = append(happened, fmt.Sprintf("%ds %s %s", i, ch.What, ch.Incident.Link))
		}
		end = now
	}
	return happened, in, end
}

func quiet(n int) []string { return make([]string, n) }

func TestIncidents(t *testing.T) {
	for _, c := range []struct {
		name    string
		seconds []string
		want    []string
	}{
		{"nothing", quiet(5), nil},
		{"one break, everything falls, one incident",
			append([]string{"", "mysqld- sql- front-", "", "mysqld+ sql+ front+"}, quiet(12)...),
			[]string{"1s opened mysqld", "13s ended mysqld"}},
		{"the front is seen first",
			append([]string{"", "front-", "sql- mysqld-", "mysqld+ sql+ front+"}, quiet(12)...),
			[]string{"1s opened front", "2s moved mysqld", "13s ended mysqld"}},
		{"falls again within the ten seconds: the same incident",
			append(append([]string{"mysqld-", "mysqld+"}, quiet(5)...), append([]string{"mysqld-", "mysqld+"}, quiet(12)...)...),
			[]string{"0s opened mysqld", "18s ended mysqld"}},
		{"an unproven visitor's side keeps it open",
			append(append([]string{"mysqld- sql- front-", "mysqld+ sql+ front?"}, quiet(20)...), append([]string{"front+"}, quiet(10)...)...),
			[]string{"0s opened mysqld", "32s ended mysqld"}},
		{"what fell by it does not come back with it: the same goes on there",
			append(append([]string{"disk- mysqld- sql- front-", "disk+"}, quiet(3)...), append([]string{"mysqld+ sql+ front+"}, quiet(12)...)...),
			[]string{"0s opened disk", "1s moved mysqld", "15s ended mysqld"}},
		{"what has come back and falls again is another's",
			append([]string{"mysqld- sql- front-", "mysqld+ sql+ front+", "front-", "front+"}, quiet(12)...),
			[]string{"0s opened mysqld", "2s opened front", "11s ended mysqld", "13s ended front"}},
		{"two faults at once are two",
			append([]string{"mysqld- sql- nginx- front-", "mysqld+ sql+ nginx+ front+"}, quiet(12)...),
			[]string{"0s opened mysqld", "0s opened nginx", "11s ended mysqld", "11s ended nginx"}},
		{"a second fault keeps only its own open",
			append([]string{"mysqld- sql? front-", "mysqld+ sql+ nginx-"}, quiet(12)...),
			[]string{"0s opened mysqld", "1s opened nginx", "11s ended mysqld"}},
		{"two turn out to be one",
			append([]string{"sql- nginx-", "", "disk- mysqld-"}, quiet(2)...),
			[]string{"0s opened sql", "0s opened nginx", "2s moved disk"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, _ := play(t, blog, c.seconds...)
			if !slices.Equal(sorted(got), sorted(c.want)) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestOutage(t *testing.T) {
	_, in, now := play(t, blog, "", "mysqld- sql? front-", "", "", "mysqld+ sql+ front+")
	i := in.Open()[0]
	if got := i.Without("blog", now); got != 3*time.Second {
		t.Errorf("without the blog for %v, want 3s", got)
	}
	if !slices.Equal(i.Fell, []string{"front"}) {
		t.Errorf("fell: %v", i.Fell)
	}
}

// A person answers once: nobody is asked the same again ten seconds later.
func TestIncidentOfAPersonsLink(t *testing.T) {
	c, _ := chain.New(chain.Model{Links: []chain.Link{{Name: "codes", Person: true, Fresh: time.Hour}}})
	s, in := chain.NewState(c), &chain.Incidents{Hold: 10 * time.Second}
	now := time.Now()
	s.Fold("codes", chain.Proof{Verdict: chain.Broken, At: now})
	in.Fold(s, s.Look(now), nil)
	s.Fold("codes", chain.Proof{Verdict: chain.Holds, At: now.Add(time.Second)})
	for _, look := range []struct {
		after time.Duration
		open  int
	}{{time.Second, 1}, {10 * time.Second, 1}, {11 * time.Second, 0}} {
		in.Fold(s, s.Look(now.Add(look.after)), nil)
		if got := len(in.Open()); got != look.open {
			t.Errorf("after %v: %d open, want %d", look.after, got, look.open)
		}
	}
}

func TestSettlingOpensNothing(t *testing.T) {
	c, _ := chain.New(draw("sql\nfront -> sql"))
	s, in := chain.NewState(c), &chain.Incidents{}
	now := time.Now()
	s.Fold("front", chain.Proof{Verdict: chain.Broken, At: now})
	if got := in.Fold(s, s.Look(now), func(string) bool { return true }); len(got) > 0 {
		t.Errorf("opened %v while settling", got)
	}
	if got := in.Fold(s, s.Look(now), nil); len(got) != 1 || got[0].What != chain.Opened {
		t.Errorf("got %v once settled", got)
	}
}

// Whatever happens: every broken link is explained by an open incident, there is
// one incident per blamed link, and after a long calm none is left.
func TestIncidentsOnRandomDays(t *testing.T) {
	links := []string{"disk", "mysqld", "sql", "nginx", "front"}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		day := []string{""}
		for range 40 {
			day = append(day, links[r.IntN(len(links))]+string("+-?"[r.IntN(3)]))
		}
		_, in, _ := play(t, blog, day...)
		blamed := map[string]bool{}
		for _, i := range in.Open() {
			if blamed[i.Link] {
				t.Fatalf("seed %d: two incidents on %s", seed, i.Link)
			}
			blamed[i.Link] = true
		}
		day = append(day, "disk+ mysqld+ sql+ nginx+ front+")
		_, in, _ = play(t, blog, append(day, quiet(11)...)...)
		if len(in.Open()) != 0 {
			t.Fatalf("seed %d: still open after a calm: %s", seed, in.Open()[0].Link)
		}
	}
}
