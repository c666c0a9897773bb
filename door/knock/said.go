package knock

import (
	"errors"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

// Said puts silence into words.
func (e *SilentError) Said() (text, hint chain.Text) {
	if e.Nobody {
		return chain.Say("knock.nobody", "where", e.Where), chain.Say("knock.nobody_hint")
	}
	return chain.Say("knock.silent", "where", e.Where), chain.Say("knock.silent_hint")
}

// Said puts a door's refusal into words.
func (e *RefusedError) Said() (text, hint chain.Text) {
	switch e.Code {
	case door.CodeExpired, door.CodeTooEarly:
		return chain.Say("knock.refused_expired"), chain.Say("knock.refused_expired_hint")
	case door.CodeClock:
		return chain.Say("knock.refused_clock", "apart", e.Apart.Abs()), chain.Say("knock.refused_clock_hint")
	case door.CodeAddress:
		return chain.Say("knock.refused_address", "from", e.From), chain.Text{}
	case door.CodeWide:
		return chain.Say("knock.refused_wide", "from", e.From), chain.Text{}
	case door.CodePorts:
		return chain.Say("knock.refused_port", "port", e.Port), chain.Say("knock.refused_port_hint", "port", e.Port)
	case door.CodeShort:
		return chain.Say("knock.refused_short", "limit", e.Limit), chain.Text{}
	case door.CodeLong:
		return chain.Say("knock.refused_long", "limit", e.Limit), chain.Say("knock.refused_long_hint", "limit", e.Limit)
	case door.CodeFull:
		return chain.Say("knock.refused_full"), chain.Say("knock.refused_full_hint")
	case door.CodeFirewall:
		return chain.Say("knock.refused_firewall"), chain.Say("knock.refused_firewall_hint")
	}
	return chain.Say("knock.refused_other", "code", e.Code), chain.Say("knock.refused_firewall_hint")
}

func refusedConnection(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
