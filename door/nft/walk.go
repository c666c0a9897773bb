package nft

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// answer is what can be said of a rule beforehand.
type answer int

const (
	no answer = iota
	maybe
	yes
)

func answered(b bool) answer {
	if b {
		return yes
	}
	return no
}

// walk follows one first packet through a chain.
type walk struct {
	conn    *nftables.Conn
	chains  []*nftables.Chain
	family  byte
	proto   byte // TCP or UDP
	port    uint16
	sets    map[string][]nftables.SetElement
	unclear bool // whether the packet still goes on is not sure
	drops   bool
	sure    bool
}

const deepest = 16 // as the kernel has it

func (w *walk) base(c *nftables.Chain) error {
	on, err := w.chain(c, 0)
	if err == nil && on && c.Policy != nil && *c.Policy == nftables.ChainPolicyDrop {
		w.drop(yes)
	}
	return err
}

func (w *walk) drop(a answer) {
	w.sure = w.sure || a == yes && !w.unclear
	w.drops = true
	if a == maybe {
		w.unclear = true
	}
}

// chain goes through the rules; on says that the packet may come out at the end.
func (w *walk) chain(c *nftables.Chain, depth int) (on bool, err error) {
	if depth > deepest {
		return true, nil
	}
	list, err := w.conn.GetRules(c.Table, c)
	if err != nil {
		return false, fmt.Errorf("read rules: %w", err)
	}
	for _, r := range list {
		matches, verdicts, err := w.rule(c, r)
		if err != nil {
			return false, err
		}
		if matches == no || len(verdicts) == 0 {
			continue
		}
		if len(verdicts) > 1 {
			matches = maybe
		}
		for _, v := range verdicts {
			stays, err := w.verdict(c, v, matches, depth)
			if err != nil {
				return false, err
			}
			switch {
			case stays == goesOn:
			case matches == yes:
				return stays == leaves, nil
			default:
				w.unclear = true
			}
		}
	}
	return true, nil
}

// fate is what becomes of the packet in its chain.
type fate int

const (
	goesOn fate = iota // to the next rule
	leaves             // the chain, for the one that called it
	ends               // it was accepted or dropped
)

func (w *walk) verdict(c *nftables.Chain, v *expr.Verdict, matches answer, depth int) (fate, error) {
	switch v.Kind {
	case expr.VerdictAccept, expr.VerdictStop:
		return ends, nil
	case expr.VerdictDrop:
		w.drop(matches)
		return ends, nil
	case expr.VerdictReturn:
		return leaves, nil
	case expr.VerdictJump, expr.VerdictGoto:
		i := slices.IndexFunc(w.chains, func(o *nftables.Chain) bool {
			return o.Name == v.Chain && o.Table.Name == c.Table.Name && o.Table.Family == c.Table.Family
		})
		if i < 0 {
			return goesOn, nil
		}
		was := w.unclear
		w.unclear = was || matches == maybe
		on, err := w.chain(w.chains[i], depth+1)
		switch {
		case err != nil:
			return goesOn, err
		case matches == maybe:
			w.unclear = true
			return goesOn, nil
		case !on:
			return ends, nil
		case v.Kind == expr.VerdictGoto:
			return leaves, nil
		}
	}
	return goesOn, nil
}

// Addresses of the packet: of those that are for documents alone, which no rule means. The
// port that it comes from is one of those that any client's may be.
var (
	fromPort  = []byte{50000 >> 8, 50000 & 0xff}
	stranger4 = []byte{198, 51, 100, 77}
	stranger6 = append([]byte{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff}, append(make([]byte, 9), 0x77)...)
)

// stateNew is how conntrack calls a first packet.
const stateNew = 8

// outside stands for "not the loopback, whichever it is".
var outside = []byte("\x00outside")

// rule says whether the packet matches, and what then.
func (w *walk) rule(c *nftables.Chain, r *nftables.Rule) (answer, []*expr.Verdict, error) {
	registers := map[uint32][]byte{}
	all := yes
	for _, e := range r.Exprs {
		this := yes
		switch e := e.(type) {
		case *expr.Meta:
			if !e.SourceRegister {
				registers[e.Register] = w.meta(e.Key)
			}
		case *expr.Payload:
			registers[e.DestRegister] = w.payload(e)
		case *expr.Ct:
			registers[e.Register] = nil
			if e.Key == expr.CtKeySTATE {
				registers[e.Register] = binary.NativeEndian.AppendUint32(nil, stateNew)
			} else if e.Key == expr.CtKeySTATUS { // neither seen before nor sent elsewhere
				registers[e.Register] = make([]byte, 4)
			}
		case *expr.Fib:
			registers[e.Register] = nil
			if e.FlagDADDR && e.ResultADDRTYPE && !e.FlagIIF {
				registers[e.Register] = binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)
			}
		case *expr.Bitwise:
			registers[e.DestRegister] = bitwise(registers[e.SourceRegister], e)
		case *expr.Cmp:
			this = compare(registers[e.Register], e)
		case *expr.Range:
			if v := registers[e.Register]; v == nil || bytes.Equal(v, outside) {
				this = maybe
			} else {
				inside := bytes.Compare(v, e.FromData) >= 0 && bytes.Compare(v, e.ToData) <= 0
				this = answered(inside == (e.Op == expr.CmpOpEq))
			}
		case *expr.Lookup:
			elements, err := w.set(c, e.SetName)
			if err != nil {
				return no, nil, err
			}
			found, verdicts := lookup(registers[e.SourceRegister], elements)
			if e.IsDestRegSet && e.DestRegister == unix.NFT_REG_VERDICT {
				return min(all, found), verdicts, nil
			}
			if e.IsDestRegSet {
				registers[e.DestRegister] = nil
			}
			if this = found; e.Invert {
				this = yes - found
			}
		case *expr.Match:
			this = w.match(e)
		case *expr.Counter, *expr.Log, *expr.Immediate:
		case *expr.Target:
			switch e.Name {
			case "REJECT", "DROP":
				return all, []*expr.Verdict{{Kind: expr.VerdictDrop}}, nil
			}
		case *expr.Reject:
			return all, []*expr.Verdict{{Kind: expr.VerdictDrop}}, nil
		case *expr.Verdict:
			return all, []*expr.Verdict{e}, nil
		default:
			this = maybe
		}
		if all = min(all, this); all == no {
			return no, nil, nil
		}
	}
	return all, nil, nil
}

func (w *walk) meta(key expr.MetaKey) []byte {
	switch key {
	case expr.MetaKeyL4PROTO:
		return []byte{w.proto}
	case expr.MetaKeyNFPROTO:
		return []byte{w.family}
	case expr.MetaKeyIIFNAME, expr.MetaKeyIIF:
		return outside
	}
	return nil
}

func (w *walk) payload(p *expr.Payload) []byte {
	at, ports := [2]uint32{p.Offset, p.Len}, append(slices.Clone(fromPort), byte(w.port>>8), byte(w.port))
	switch {
	case p.Base == expr.PayloadBaseTransportHeader && p.Offset <= 4 && p.Len <= 4-p.Offset:
		return ports[p.Offset : p.Offset+p.Len]
	case p.Base != expr.PayloadBaseNetworkHeader:
	case w.family == unix.NFPROTO_IPV4 && at == [2]uint32{9, 1}, w.family == unix.NFPROTO_IPV6 && at == [2]uint32{6, 1}:
		return []byte{w.proto}
	case w.family == unix.NFPROTO_IPV4 && p.Offset == 12 && p.Len <= 4:
		return stranger4[:p.Len]
	case w.family == unix.NFPROTO_IPV6 && p.Offset == 8 && p.Len <= 16:
		return stranger6[:p.Len]
	}
	return nil
}

func bitwise(v []byte, b *expr.Bitwise) []byte {
	if v == nil || bytes.Equal(v, outside) || len(v) != len(b.Mask) || len(v) != len(b.Xor) {
		return nil
	}
	out := make([]byte, len(v))
	for i := range v {
		out[i] = v[i]&b.Mask[i] ^ b.Xor[i]
	}
	return out
}

func compare(v []byte, c *expr.Cmp) answer {
	switch {
	case bytes.Equal(v, outside):
		lo := bytes.HasPrefix(c.Data, []byte("lo\x00")) || bytes.Equal(c.Data, []byte("lo")) || bytes.Equal(c.Data, []byte{1, 0, 0, 0})
		if !lo {
			return maybe
		}
		return answered(c.Op == expr.CmpOpNeq)
	case v == nil || len(v) != len(c.Data):
		return maybe
	}
	order := bytes.Compare(v, c.Data)
	switch c.Op {
	case expr.CmpOpEq:
		return answered(order == 0)
	case expr.CmpOpNeq:
		return answered(order != 0)
	case expr.CmpOpLt:
		return answered(order < 0)
	case expr.CmpOpLte:
		return answered(order <= 0)
	case expr.CmpOpGt:
		return answered(order > 0)
	case expr.CmpOpGte:
		return answered(order >= 0)
	}
	return maybe
}

// set reads the elements of a set, once.
func (w *walk) set(c *nftables.Chain, name string) ([]nftables.SetElement, error) {
	key := familyName(c.Table.Family) + c.Table.Name + "/" + name
	if list, ok := w.sets[key]; ok {
		return list, nil
	}
	list, err := w.conn.GetSetElements(&nftables.Set{Table: c.Table, Name: name})
	if err != nil {
		return nil, fmt.Errorf("read set %s: %w", name, err)
	}
	w.sets[key] = list
	return list, nil
}

// lookup finds v in a set, and the verdicts of a map that it may lead to.
func lookup(v []byte, list []nftables.SetElement) (found answer, verdicts []*expr.Verdict) {
	if v == nil || bytes.Equal(v, outside) {
		for _, e := range list {
			verdicts = append(verdicts, verdictsOf(e)...)
		}
		return maybe, verdicts
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b nftables.SetElement) int { return bytes.Compare(a.Key, b.Key) })
	interval := slices.ContainsFunc(list, func(e nftables.SetElement) bool { return e.IntervalEnd })
	for _, e := range list {
		switch {
		case len(e.Key) < len(v) || len(e.KeyEnd) > 0:
			return maybe, nil
		case interval && bytes.Compare(e.Key[:len(v)], v) <= 0: // the last that begins before v decides
			found, verdicts = answered(!e.IntervalEnd), verdictsOf(e)
		case !interval && bytes.Equal(e.Key[:len(v)], v):
			found, verdicts = yes, verdictsOf(e)
		}
	}
	return found, verdicts
}

// verdictsOf is what an element of a map of verdicts leads to. The library gives it as
// the kernel sends it.
func verdictsOf(e nftables.SetElement) []*expr.Verdict {
	ad, err := netlink.NewAttributeDecoder(e.Val)
	if err != nil || len(e.Val) == 0 {
		return nil
	}
	ad.ByteOrder = binary.BigEndian
	v := &expr.Verdict{}
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_VERDICT_CODE:
			v.Kind = expr.VerdictKind(int32(ad.Uint32()))
		case unix.NFTA_VERDICT_CHAIN:
			v.Chain = ad.String()
		}
	}
	return []*expr.Verdict{v}
}
