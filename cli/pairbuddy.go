package cli

import (
	"bufio"
	"context"
	"fmt"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vantage"
)

// buddy is what --as may say: the other guard is another owner's, at whose machine this
// one has no login.
const buddy = "buddy"

// pairBuddy makes this guard and another owner's known to each other. Offer and answer go
// by whatever way the two owners talk; what they let in is a key with which letters can be
// handed in, and nothing else be done.
func (a *App) pairBuddy(ctx context.Context, route vantage.Route, as string) error {
	g := a.guard()
	offer, err := g.PairOffer(ctx)
	if err != nil {
		return err
	}
	if !vantage.IsOffer(offer.Code) {
		return vantage.ErrBadOffer
	}
	id, err := g.PairIdentity(ctx)
	if err != nil {
		return err
	}
	w := a.style(a.Err)
	fmt.Fprintln(w, a.say("cli.pair_buddy_key", "host", route.Host))
	fmt.Fprintf(w, "\n%s\n\n", letIn(route, id.Public, offer.Mine.Name))
	fmt.Fprintln(w, a.say("cli.pair_buddy_offer"))
	fmt.Fprintf(w, "\nomamori pair answer %s\n\n", offer.Code)
	fmt.Fprintln(w, a.say("cli.pair_buddy_paste"))
	in := bufio.NewReader(a.In)
	line, _ := in.ReadString('\n') // nothing read is no answer
	answer, ok := vantage.IsAnswer(line)
	if !ok {
		return &Problem{Text: chain.Say("cli.pair_buddy_none"), Hint: chain.Say("cli.pair_buddy_none_hint", "host", route.Host)}
	}
	p, err := g.PairAccept(ctx, answer, as, route, false)
	if err != nil {
		return err
	}
	if !a.confirm(in, p, "cli.pair_buddy_same") {
		return &Problem{Text: chain.Say("cli.pair_declined"), Hint: chain.Say("cli.pair_declined_hint")}
	}
	if _, err := g.PairAccept(ctx, answer, as, route, true); err != nil {
		return err
	}
	name := p.Theirs.Name
	s, err := g.PairMeet(ctx, name)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, s)
	}
	if s.Trouble != "" {
		return &Problem{Text: chain.Say("cli.pair_buddy_trouble", "name", name, "trouble", s.Trouble), Hint: chain.Say("cli.pair_then_call", "name", name)}
	}
	fmt.Fprintln(a.style(a.Out), a.say("cli.pair_done", "name", name))
	_, err = fmt.Fprintln(a.style(a.Out), a.say("cli.pair_buddy_next", "name", name, "own", p.Mine.Name))
	return err
}

// letIn is the line of authorized_keys by which a guard may hand letters in.
func letIn(route vantage.Route, public, name string) string {
	return `restrict,command="` + route.There + ` exchange" ` + public + " omamori-" + name
}
