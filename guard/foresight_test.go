package guard_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/links/contract"
	"github.com/omamori-guard/omamori/words"
)

// The days of contracts are the machine's: the tests' machine is at Greenwich.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

// renewable is a prover whose certificate ends, and can be renewed.
type renewable struct{ s *shop }

// shop is a server with a certificate.
type shop struct {
	*world
	ends  time.Time
	proof chain.Verdict
}

func (p renewable) Prove(context.Context) chain.Proof {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.proof != chain.Holds {
		return chain.Untried(chain.Say("test.no_dns"), chain.Text{})
	}
	held := chain.Held(chain.Say("test.holds"))
	held.Ends = []chain.End{{At: p.s.ends, What: chain.Say("tls.ends", "name", "example.jp"), Hint: chain.Say("tls.cert_ends_hint"), Lead: chain.Days(14, 7)}}
	return held
}

// ending has a blog with a certificate; a shell by a rented address, or by the console; and a
// second certificate that nothing rests on.
const ending = `
things: {company: {title: the VPN company}, phone: {}}
links:
  cert: {kind: cert, every: 30m}
  front: {kind: flag, every: 30m, needs: [cert]}
  vpn: {kind: contract, ends: 2000-02-09, with: the VPN company, needs: [company]}
  fixed: {kind: flag, every: 30m, needs: [vpn]}
  codes: {kind: claim, question: "Does the phone show codes?", fresh: 400d, needs: [phone]}
  papers: {kind: contract, ends: 2000-03-01, with: the insurance}
goals:
  blog: {title: visitors read the blog, ways: {web: [front]}}
  shell: {title: I get a shell, ways: {vpn: [fixed], console: [codes]}}
`

func (s *shop) options(o *guard.Options) {
	flags := &flags{world: s.world, verdicts: map[string]chain.Verdict{}}
	kinds := []chain.Kind{claim.Kind(), contract.Kind(),
		chain.NewKind("flag", "", struct{}{}, func(_ struct{}, at chain.Place) (chain.Prover, error) { return flag{flags, at.Link}, nil }),
		chain.NewKind("cert", "", struct{}{}, func(_ struct{}, at chain.Place) (chain.Prover, error) { return renewable{s}, nil })}
	file, problems := config.Parse("omamori.yaml", []byte(ending), config.Options{Kinds: kinds})
	for _, p := range problems {
		s.t.Fatalf("%s: %s", p.Path, words.English.Say(p.Text))
	}
	o.Config, o.Hands, o.Tell = file, nil, s.tell
}

func deadlines(t *testing.T, g *guard.Guard, lang words.Lang) map[string]guard.Deadline {
	t.Helper()
	all, err := g.Deadlines(t.Context(), lang)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b guard.Deadline) int { return a.At.Compare(b.At) }) {
		t.Errorf("not by the day: %+v", all)
	}
	byID := map[string]guard.Deadline{}
	for _, d := range all {
		byID[d.ID] = d
	}
	return byID
}

// TestWhatEndsIsForeseen: what will break on a known day says so in advance, with the goals
// that stop and the margins that fall by it; a day to come can be supposed; and once it is
// renewed, that is over.
func TestWhatEndsIsForeseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{world: newWorld(t), proof: chain.Holds, ends: time.Now().Add(21*aDay + time.Hour)}
		s.live(s.options, func(g *guard.Guard) {
			if err := g.Answer(t.Context(), "codes", true, "owner"); err != nil {
				t.Fatal(err)
			}
			after(time.Minute)
			all := deadlines(t, g, words.English)
			cert, vpn, papers := all["cert"], all["vpn"], all["papers"]
			if len(all) != 3 || cert.Said != "in 21 days, when the certificate of example.jp ends, goal blog stops" ||
				fmt.Sprint(cert.Falls, cert.Stops) != "[front blog] [blog]" || cert.Ended || cert.Near {
				t.Errorf("the certificate: %+v", cert)
			}
			if vpn.Said != "in 39 days, when the contract with the VPN company ends, the margin of goal shell falls to 0" ||
				fmt.Sprint(vpn.Falls, vpn.Stops) != "[fixed] []" || len(vpn.Moves) != 1 || *vpn.Moves[0].From.Now != 1 || *vpn.Moves[0].To.Now != 0 || !vpn.Near {
				t.Errorf("the contract: %+v", vpn)
			}
			if len(papers.Falls)+len(papers.Moves) != 0 || !strings.HasPrefix(papers.Said, "in 60 days, the contract with the insurance ends") {
				t.Errorf("what nothing rests on: %+v", papers)
			}
			if ja := deadlines(t, g, words.Japanese)["cert"].Said; ja != "あと21日でexample.jp の証明書が切れます。目標 1 件（blog）が止まります" {
				t.Errorf("in Japanese: %s", ja)
			}
			// What is due stands beside its time, and does not say that twice.
			items, err := g.Due(t.Context(), words.English)
			if i := slices.IndexFunc(items, func(i guard.DueItem) bool { return i.ID == "vpn" }); err != nil || i < 0 || items[i].When != "in 39 days" || items[i].What != "the contract with the VPN company ends, and the margin of goal shell falls to 0" {
				t.Errorf("due: %v %+v", err, items)
			}
			// The goals say it too, in status and in ways.
			st := status(t, g)
			blog, shell := st.Goals[0], st.Goals[1]
			if len(blog.Ahead) != 1 || !blog.Ahead[0].Stops || !strings.Contains(blog.Ahead[0].Said, "from 2000-01-22, it stops") || *blog.Ahead[0].Margin.Now != -1 {
				t.Errorf("blog: %+v", blog.Ahead)
			}
			if len(shell.Ahead) != 1 || shell.Ahead[0].Stops || shell.Ahead[0].Said != "from 2000-02-10, margin 0: the contract with the VPN company ends" {
				t.Errorf("shell: %+v", shell.Ahead)
			}
			ways, err := g.Ways(t.Context(), "shell", guard.Supposed{}, words.English)
			if err != nil || len(ways[0].Ahead) != 1 || ways[0].Ahead[0].Said != shell.Ahead[0].Said {
				t.Errorf("ways: %v %+v", err, ways)
			}
			if l := st.Links[slices.IndexFunc(st.Links, func(l guard.LinkStatus) bool { return l.Name == "cert" })]; len(l.Ends) != 1 || l.Ends[0].What != "the certificate of example.jp ends" {
				t.Errorf("the link does not say that it ends: %+v", l)
			}
			// What if it were a day to come?
			suppose := func(month time.Month, day int) map[string]guard.GoalWays {
				t.Helper()
				all, err := g.Ways(t.Context(), "", guard.Supposed{On: time.Date(2000, month, day, 23, 59, 59, 0, time.UTC)}, words.English)
				if err != nil {
					t.Fatal(err)
				}
				byGoal := map[string]guard.GoalWays{}
				for _, w := range all {
					byGoal[w.Name] = w
				}
				return byGoal
			}
			for _, c := range []struct {
				month       time.Month
				day         int
				blog, shell int
				falls       string
			}{{1, 20, 0, 1, ""}, {1, 23, -1, 1, "cert front blog"}, {2, 8, -1, 1, "cert front blog"}, {2, 10, -1, 0, "cert front vpn fixed blog"}} {
				w := suppose(c.month, c.day)
				var falls []string
				for _, f := range w["blog"].Falls {
					falls = append(falls, f.Name)
				}
				if *w["blog"].Margin.Now != c.blog || *w["shell"].Margin.Now != c.shell || strings.Join(falls, " ") != c.falls {
					t.Errorf("on %v %d: %d, %d, falls %q", c.month, c.day, *w["blog"].Margin.Now, *w["shell"].Margin.Now, falls)
				}
			}
			// It cannot be reached for a while: what is known of it goes on.
			s.set(func() { s.proof = chain.Unproven })
			after(2 * aDay)
			if d := deadlines(t, g, words.English)["cert"]; !strings.HasPrefix(d.Said, "in 19 days, when the certificate") {
				t.Errorf("unproven, and forgotten: %+v", d)
			}
		})
		// … over a restart, too.
		s.live(s.options, func(g *guard.Guard) {
			after(time.Minute)
			if d := deadlines(t, g, words.English)["cert"]; !strings.HasPrefix(d.Said, "in 19 days, when the certificate") {
				t.Errorf("restarted, and forgotten: %+v", d)
			}
			s.set(func() { s.proof, s.ends = chain.Holds, time.Now().Add(90*aDay+time.Hour) }) // renewed
			after(40 * time.Minute)
			if d := deadlines(t, g, words.English)["cert"]; !strings.HasPrefix(d.Said, "in 90 days") {
				t.Errorf("renewed, and not learnt: %+v", d)
			}
			after(45 * aDay) // the contract was not
			d := deadlines(t, g, words.English)["vpn"]
			if !d.Ended || d.Said != "2000-02-09 is over, when the contract with the VPN company ends" {
				t.Errorf("over, and not told so: %+v", d)
			}
			if st := status(t, g); verdict(st, "vpn") != chain.Broken || len(st.Goals[1].Ahead) != 0 {
				t.Errorf("over: %v, %+v", verdict(st, "vpn"), st.Goals[1].Ahead)
			}
		})
	})
}

// TestEndsAreMany: what ends one after the other counts together; and of more than is looked
// at, all are listed.
func TestEndsAreMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.live(func(o *guard.Options) {
			var b strings.Builder
			b.WriteString("links:\n")
			for i := range 150 {
				fmt.Fprintf(&b, "  c%d: {kind: contract, ends: %s}\n", i, time.Now().AddDate(0, 0, 20+i).Format(time.DateOnly))
			}
			b.WriteString("goals:\n  both: {ways: {one: [c0], two: [c1], three: [c2]}}\n")
			file, problems := config.Parse("omamori.yaml", []byte(b.String()), config.Options{Kinds: []chain.Kind{contract.Kind()}})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			o.Config, o.Hands = file, nil
		}, func(g *guard.Guard) {
			after(time.Hour)
			all, err := g.Deadlines(t.Context(), words.English)
			if err != nil || len(all) != 150 || all[0].Unreckoned || !all[149].Unreckoned {
				t.Fatalf("%d, %v", len(all), err)
			}
			var margins []int
			for _, a := range status(t, g).Goals[0].Ahead {
				margins = append(margins, *a.Margin.Now)
			}
			if fmt.Sprint(margins) != "[1 0 -1]" {
				t.Errorf("one after the other: %v", margins)
			}
		})
	})
}
