package ssh

import (
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func TestModes(t *testing.T) {
	l := &link{settings: settings{User: "owner", Service: "ssh"}, address: "127.0.0.1:22"}
	p := chain.Broke("wrong_key", chain.Say("ssh.wrong_key"), chain.Say("ssh.wrong_key_hint"))
	e := chain.Evidence{Service: "ssh", Process: chain.Process{PID: 7, Running: true, State: "S"}, Log: []string{
		"Authentication refused: bad ownership or modes for file /home/owner/.ssh/authorized_keys", "Connection closed by authenticating user owner",
	}}
	plan := l.Plan(p, e)
	if next := words.English.Say(plan.Next); plan.Cause != "wrong_permissions" || len(plan.Deeds) > 0 || len(plan.Evidence) != 1 ||
		next != "By whatever way in is left: chown owner /home/owner/.ssh/authorized_keys && chmod go-w /home/owner/.ssh/authorized_keys" {
		t.Errorf("%+v: %s", plan, next)
	}
	e.Log = e.Log[1:]
	if plan := l.Plan(p, e); plan.Cause != "wrong_key" || len(plan.Deeds) > 0 {
		t.Errorf("%+v", plan)
	}
}
