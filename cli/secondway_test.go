package cli

import (
	"context"
	"errors"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/install"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// twoWays is a guard that proves a way by SSH through a tunnel, and one by way.
type twoWays struct {
	Guard
	way string
}

func (twoWays) Status(context.Context) (guard.Status, error) {
	return guard.Status{Links: []guard.LinkStatus{{Name: "sshd", Kind: "ssh"}, {Name: "wire", Kind: "vpn"}, {Name: "serial", Kind: "awsserial"}}}, nil
}

func (g twoWays) Ways(context.Context, string, guard.Supposed) ([]guard.GoalWays, error) {
	return []guard.GoalWays{{Name: "shell", Ways: []guard.WayStatus{
		{Name: "inside", Verdict: chain.Holds, Links: []string{"sshd"}, RestsOn: []string{"wire"}},
		{Name: "other", Verdict: chain.Holds, Links: []string{g.way}},
	}}}, nil
}

var errWentOn = errors.New("went on")

// elsewhere is a machine at whose console nobody sits.
type elsewhere struct{ Door }

func (elsewhere) AtConsole() bool                                  { return false }
func (elsewhere) Obstacles(_, _ []uint16) ([]door.Obstacle, error) { return nil, errWentOn }

// To keep an interface open, whichever, makes no second way of an SSH: nothing says that it
// goes by there.
func TestAKeptInterfaceIsNoSecondWay(t *testing.T) {
	for way, want := range map[string]bool{"sshd": false, "serial": true} {
		for _, keep := range [][]string{nil, {"nosuch0"}} {
			a := &App{Door: elsewhere{}, Dial: func(string, words.Lang) Guard { return twoWays{way: way} }}
			err := a.doorInstall(t.Context(), install.Options{Ports: []uint16{22}, Keep: keep}, "shell")
			p, refused := errors.AsType[*Problem](err)
			if errors.Is(err, errWentOn) != want || refused && p.Text.Key != "door.no_second_way" {
				t.Errorf("%s, with %q kept open: %v", way, keep, err)
			}
		}
	}
}
