package tunnel

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Conf is a standard configuration of WireGuard, as wg, wg-quick and the apps read it.
type Conf struct {
	PrivateKey Key
	Addresses  []netip.Prefix
	DNS        []netip.Addr
	Search     []string
	MTU        int // 0: found out
	ListenPort int // 0: any
	Peers      []ConfPeer
}

// ConfPeer is the other end in a Conf.
type ConfPeer struct {
	PublicKey, PresharedKey Key
	AllowedIPs              []netip.Prefix
	Endpoint                string // host:port, "" if it calls
	Keepalive               int    // in seconds, 0 for none
	line                    int
}

// Mistake is something wrong in a configuration.
type Mistake struct {
	Line       int
	Text, Hint chain.Text
	// Note says that it is no mistake, only to be known: the configuration is of use.
	Note bool
}

func (m Mistake) Error() string {
	return fmt.Sprintf("line %d: %s %v", m.Line, m.Text.Key, m.Text.Args)
}

// Wrong reports whether there is a mistake among them that is more than a note.
func Wrong(all []Mistake) bool {
	for _, m := range all {
		if !m.Note {
			return true
		}
	}
	return false
}

// MaxConf bounds a configuration, in bytes.
const MaxConf = 1 << 20

// ParseConf reads a configuration strictly and tells everything that is wrong with it.
func ParseConf(b []byte) (Conf, []Mistake) {
	p := parser{}
	if len(b) > MaxConf {
		p.wrong("conf_long", nil)
		return Conf{}, p.mistakes
	}
	if rest, ok := bytes.CutPrefix(b, []byte("\xef\xbb\xbf")); ok {
		p.line = 1
		p.note("conf_bom", nil)
		b = rest
	}
	crlf := false
	for line := range strings.Lines(string(b)) {
		p.line++
		line = strings.TrimSuffix(line, "\n")
		if bare, ok := strings.CutSuffix(line, "\r"); ok {
			line = bare
			if !crlf {
				p.note("conf_crlf", nil)
			}
			crlf = true
		}
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			p.take(line)
		}
	}
	p.whole()
	return p.conf, p.mistakes
}

// String writes the configuration in the standard form.
func (c Conf) String() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%s = %v\n", name, value) }
	b.WriteString("[Interface]\n")
	if !c.PrivateKey.IsZero() { // else the device has it, and it alone
		line("PrivateKey", c.PrivateKey)
	}
	if c.ListenPort != 0 {
		line("ListenPort", c.ListenPort)
	}
	if len(c.Addresses) > 0 {
		line("Address", joined(c.Addresses))
	}
	if names := append(texts(c.DNS), c.Search...); len(names) > 0 {
		line("DNS", strings.Join(names, ", "))
	}
	if c.MTU != 0 {
		line("MTU", c.MTU)
	}
	for _, p := range c.Peers {
		b.WriteString("\n[Peer]\n")
		line("PublicKey", p.PublicKey)
		if !p.PresharedKey.IsZero() {
			line("PresharedKey", p.PresharedKey)
		}
		if len(p.AllowedIPs) > 0 {
			line("AllowedIPs", joined(p.AllowedIPs))
		}
		if p.Endpoint != "" {
			line("Endpoint", p.Endpoint)
		}
		if p.Keepalive != 0 {
			line("PersistentKeepalive", p.Keepalive)
		}
	}
	return b.String()
}

func texts[T fmt.Stringer](all []T) (out []string) {
	for _, x := range all {
		out = append(out, x.String())
	}
	return out
}

func joined[T fmt.Stringer](all []T) string { return strings.Join(texts(all), ", ") }
