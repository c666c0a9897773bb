package tunnel

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// parser goes through a configuration line by line.
type parser struct {
	conf     Conf
	mistakes []Mistake
	line     int
	section  string // "", "interface", "peer", or "other" after one that is unknown
	seen     []string
	peer     *ConfPeer
	began    bool // there is an [Interface]
}

func (p *parser) tell(note bool, what string, pairs []any) {
	p.mistakes = append(p.mistakes, Mistake{
		Line: p.line, Note: note, Text: chain.Say("tunnel."+what, pairs...), Hint: chain.Say("tunnel."+what+"_hint", pairs...),
	})
}

func (p *parser) wrong(what string, pairs []any) { p.tell(false, what, pairs) }
func (p *parser) note(what string, pairs []any)  { p.tell(true, what, pairs) }

// The keys of the two sections.
var (
	interfaceKeys = []string{"PrivateKey", "Address", "DNS", "MTU", "ListenPort"}
	peerKeys      = []string{"PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"}
	// quickKeys are wg-quick's own: orders to it, which nobody else carries out.
	quickKeys = []string{"PreUp", "PostUp", "PreDown", "PostDown", "Table", "SaveConfig", "FwMark"}
	// otherKeys are of AmneziaWG, which is another protocol.
	otherKeys = []string{"Jc", "Jmin", "Jmax", "S1", "S2", "S3", "S4", "H1", "H2", "H3", "H4", "I1", "I2", "I3", "I4", "I5"}
)

// many lists the keys that may come several times, and then add up.
var many = []string{"Address", "DNS", "AllowedIPs"}

func (p *parser) take(line string) {
	if strings.HasPrefix(line, "[") {
		p.begin(line)
		return
	}
	name, value, ok := strings.Cut(line, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" {
		p.wrong("conf_line", []any{"line", cut(line)})
		return
	}
	keys := interfaceKeys
	switch p.section {
	case "":
		p.wrong("conf_no_section", []any{"key", cut(name)})
		return
	case "other":
		return
	case "peer":
		keys = peerKeys
	}
	is := func(k string) bool { return strings.EqualFold(k, name) }
	i := slices.IndexFunc(keys, is)
	switch {
	case i >= 0:
		p.value(keys[i], value)
	case slices.ContainsFunc(quickKeys, is):
		p.note("conf_quick", []any{"key", cut(name)})
	case slices.ContainsFunc(otherKeys, is):
		p.wrong("conf_amnezia", []any{"key", cut(name)})
	case slices.ContainsFunc(interfaceKeys, is), slices.ContainsFunc(peerKeys, is):
		p.wrong("conf_elsewhere", []any{"key", cut(name)})
	default:
		p.wrong("conf_unknown", []any{"key", cut(name), "known", strings.Join(keys, ", ")})
	}
}

// cut bounds what is quoted of a stranger's file.
func cut(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return strings.ToValidUTF8(s, "�")
}

func (p *parser) begin(line string) {
	p.finishPeer()
	p.seen = nil
	switch strings.ToLower(line) {
	case "[interface]":
		if p.began {
			p.wrong("conf_two_interfaces", nil)
		}
		p.section, p.began = "interface", true
	case "[peer]":
		p.section = "peer"
		p.peer = &ConfPeer{line: p.line}
	default:
		p.section = "other"
		p.wrong("conf_section", []any{"section", cut(line)})
	}
}

// value takes the value of a key that belongs into the section.
func (p *parser) value(key, value string) {
	if slices.Contains(p.seen, key) && !slices.Contains(many, key) {
		p.wrong("conf_twice", []any{"key", key})
		return
	}
	p.seen = append(p.seen, key)
	bad := func() {
		if strings.HasSuffix(key, "Key") { // it may be a secret
			value = "…"
		}
		p.wrong("conf_bad_"+strings.ToLower(key), []any{"key", key, "value", cut(value)})
	}
	number := func(low, high int) int {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			bad()
			return 0
		}
		return n
	}
	parseKey := func() Key {
		k, err := ParseKey(value)
		if err != nil {
			bad()
		}
		return k
	}
	switch key {
	case "PrivateKey":
		p.conf.PrivateKey = parseKey()
	case "PublicKey":
		p.peer.PublicKey = parseKey()
	case "PresharedKey":
		p.peer.PresharedKey = parseKey()
	case "ListenPort":
		p.conf.ListenPort = number(0, 65535)
	case "MTU":
		p.conf.MTU = number(1280, 65535)
	case "PersistentKeepalive":
		if value != "off" {
			p.peer.Keepalive = number(0, 65535)
		}
	case "Endpoint":
		if !isEndpoint(value) {
			bad()
			return
		}
		p.peer.Endpoint = value
	default:
		p.list(key, value, bad)
	}
}

// list takes one of the keys with several values.
func (p *parser) list(key, value string, bad func()) {
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			if value != "" {
				bad()
			}
			continue
		}
		prefix, isPrefix := parsePrefix(item)
		switch {
		case key == "DNS":
			if a, err := netip.ParseAddr(item); err == nil {
				p.conf.DNS = append(p.conf.DNS, a)
			} else if isName(item) {
				p.conf.Search = append(p.conf.Search, item)
			} else {
				bad()
			}
		case !isPrefix:
			bad()
		case key == "Address":
			p.conf.Addresses = append(p.conf.Addresses, prefix)
		default:
			p.peer.AllowedIPs = append(p.peer.AllowedIPs, prefix.Masked())
		}
	}
}

// parsePrefix reads an address with or without its length.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

func isEndpoint(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, err2 := strconv.ParseUint(port, 10, 16)
	if err != nil || err2 != nil || n == 0 {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil || isName(host)
}

// isName reports whether s could be a name of the DNS.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// finishPeer takes up the peer whose section has ended.
func (p *parser) finishPeer() {
	if p.peer == nil {
		return
	}
	if !slices.Contains(p.seen, "PublicKey") {
		here := p.line
		p.line = p.peer.line
		p.wrong("conf_no_public", nil)
		p.line = here
	}
	p.conf.Peers = append(p.conf.Peers, *p.peer)
	p.peer = nil
}

// whole looks at what can be told only once all has been read.
func (p *parser) whole() {
	noKey := p.section == "interface" && !slices.Contains(p.seen, "PrivateKey")
	p.finishPeer()
	if !p.began {
		p.wrong("conf_no_interface", nil)
	} else if p.conf.PrivateKey.IsZero() && (noKey || !p.told("tunnel.conf_bad_privatekey")) {
		p.wrong("conf_no_private", nil)
	}
	for i, a := range p.conf.Peers {
		p.line = a.line
		if a.Endpoint == "" && p.conf.ListenPort == 0 && !p.told("tunnel.conf_bad_endpoint") {
			p.wrong("conf_no_endpoint", nil)
		}
		for _, b := range p.conf.Peers[:i] {
			if a.PublicKey == b.PublicKey && !a.PublicKey.IsZero() {
				p.wrong("conf_same_peer", []any{"other", b.line})
			}
			p.overlap(a, b)
		}
	}
	slices.SortStableFunc(p.mistakes, func(a, b Mistake) int { return a.Line - b.Line })
}

// overlap tells of addresses that two peers claim.
func (p *parser) overlap(a, b ConfPeer) {
	for _, x := range a.AllowedIPs {
		for _, y := range b.AllowedIPs {
			switch {
			case x == y: // WireGuard would give it to the later one, in silence
				p.wrong("conf_overlap", []any{"prefix", x, "other", b.line})
				return
			case x.Overlaps(y):
				p.note("conf_within", []any{"prefix", x, "with", y, "other", b.line})
				return
			}
		}
	}
}

func (p *parser) told(key string) bool {
	return slices.ContainsFunc(p.mistakes, func(m Mistake) bool { return m.Text.Key == key })
}
