package vantage

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Bounds of a letter. What does not fit is not sent, or not read.
const (
	// MaxLetter bounds a letter in bytes, MaxLine the line that carries it.
	MaxLetter = 512 << 10
	MaxLine   = MaxLetter/3*4 + 64

	maxLinks = 2000 // that are asked for, and proofs that are told
	maxName  = 256  // bytes of the name of a link, a key, a placeholder
	maxArgs  = 16
	maxText  = 2 << 10
	maxCause = 64
	maxEnds  = 16 // of one proof, and leads of one end

	longestEnds = 16 << 10 // bytes that the ends of one proof take, about
)

// label is what a signature is over, before the content: a letter's signature can be
// taken for no other's.
const label = "omamori letter 1\n"

// Claim stands for what a link claims: a hash of its kind and settings. A proof counts
// only for the very claim that was tried.
type Claim [sha256.Size]byte

func (c Claim) MarshalText() ([]byte, error) { return Key(c).MarshalText() }

func (c *Claim) UnmarshalText(b []byte) error { return unhex(c[:], b) }

// Pairing names one agreement of two guards. It goes into every letter: what was signed
// under another agreement of the same two is void.
type Pairing [16]byte

func (p Pairing) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(p[:])), nil
}

func (p *Pairing) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(b))
	if err != nil || len(raw) != len(p) {
		return errMalformed
	}
	copy(p[:], raw)
	return nil
}

// Proof is what a vantage says of one of its links.
type Proof struct {
	// N numbers what one guard says, rising: what is said twice is known by it.
	N     int64       `json:"n"`
	Link  string      `json:"link"`
	Claim Claim       `json:"claim"`
	Proof chain.Proof `json:"proof"`
}

// Wish is a link that a guard wants to hear of.
type Wish struct {
	Link  string
	Claim Claim
}

// letter is all that one guard says to another at once. The signature covers it all.
type letter struct {
	from, to Key
	pairing  Pairing
	seq      int64     // rises from letter to letter
	sent     time.Time // by the sender's clock
	took     int64     // the highest N that it has taken from the other
	wishes   []Wish
	proofs   []Proof // by rising N
}

// sign encodes and signs l.
func (l *letter) sign(secret ed25519.PrivateKey) []byte {
	b := l.content()
	return append(b, ed25519.Sign(secret, b)...)
}

// content is what is signed.
func (l *letter) content() []byte {
	w := writer{b: []byte(label)}
	w.raw(l.from[:])
	w.raw(l.to[:])
	w.raw(l.pairing[:])
	w.num(l.seq)
	w.moment(l.sent)
	w.num(l.took)
	w.size(len(l.wishes))
	for _, s := range l.wishes {
		w.text(s.Link)
		w.raw(s.Claim[:])
	}
	w.size(len(l.proofs))
	for _, p := range l.proofs {
		w.proof(p)
	}
	return w.b
}

func (w *writer) proof(p Proof) {
	w.num(p.N)
	w.text(p.Link)
	w.raw(p.Claim[:])
	w.moment(p.Proof.At)
	w.num(int64(p.Proof.Took))
	w.num(int64(p.Proof.Verdict))
	w.text(p.Proof.Cause)
	w.text(p.Proof.By)
	w.say(p.Proof.Because)
	w.say(p.Proof.Hint)
	w.size(len(p.Proof.Ends))
	for _, e := range p.Proof.Ends {
		w.text(e.Of)
		w.moment(e.At)
		w.say(e.What)
		w.say(e.Hint)
		w.size(len(e.Lead))
		for _, lead := range e.Lead {
			w.num(int64(lead))
		}
	}
}

// open reads a letter whose signature is good. Nothing but the keys is read of one
// whose signature is not; known says whether the sender's key is.
func open(b []byte, known func(from, to Key, p Pairing) error) (*letter, error) {
	const head = len(label) + 2*len(Key{}) + len(Pairing{})
	if len(b) > MaxLetter || len(b) < head+ed25519.SignatureSize || string(b[:len(label)]) != label {
		return nil, errMalformed
	}
	signed, signature := b[:len(b)-ed25519.SignatureSize], b[len(b)-ed25519.SignatureSize:]
	r := &reader{b: signed[len(label):]}
	l := &letter{}
	r.raw(l.from[:])
	r.raw(l.to[:])
	r.raw(l.pairing[:])
	if err := known(l.from, l.to, l.pairing); err != nil {
		return nil, err
	}
	if !ed25519.Verify(l.from[:], signed, signature) {
		return nil, &Refusal{Code: Forged}
	}
	if !l.read(r) {
		return nil, errMalformed
	}
	return l, nil
}

// read reads what stands behind the keys.
func (l *letter) read(r *reader) bool {
	l.seq, l.sent, l.took = r.num(), r.moment(), r.num()
	for range r.size(maxLinks) {
		w := Wish{Link: r.text(maxName)}
		r.raw(w.Claim[:])
		if r.bad {
			return false
		}
		l.wishes = append(l.wishes, w)
	}
	for range r.size(maxLinks) {
		p := r.proof()
		if r.bad || len(l.proofs) > 0 && p.N <= l.proofs[len(l.proofs)-1].N {
			return false
		}
		l.proofs = append(l.proofs, p)
	}
	return r.end() && l.seq > 0 && l.took >= 0
}

func (r *reader) proof() Proof {
	p := Proof{N: r.num(), Link: r.text(maxName)}
	r.raw(p.Claim[:])
	p.Proof.At, p.Proof.Took = r.moment(), time.Duration(r.num())
	v := r.num()
	r.bad = r.bad || v < 0 || v > int64(chain.Broken) || p.Proof.Took < 0 || p.N <= 0
	p.Proof.Verdict = chain.Verdict(v)
	p.Proof.Cause, p.Proof.By = r.text(maxCause), r.text(maxName)
	p.Proof.Because, p.Proof.Hint = r.say(), r.say()
	for range r.size(maxEnds) {
		e := chain.End{Of: r.text(maxName), At: r.moment(), What: r.say(), Hint: r.say()}
		for range r.size(maxEnds) {
			lead := r.num()
			r.bad = r.bad || lead < 0
			e.Lead = append(e.Lead, time.Duration(lead))
		}
		if r.bad = r.bad || e.What.IsZero(); r.bad {
			return Proof{}
		}
		p.Proof.Ends = append(p.Proof.Ends, e)
	}
	return p
}

// fit makes a proof fit to be sent: without what is for this machine alone, and with
// texts that are too long said to be so.
func fit(p chain.Proof) chain.Proof {
	p.Evidence, p.Figures, p.Ends = nil, nil, fitEnds(p.Ends)
	p.At, p.Took = p.At.Round(0).UTC(), max(0, p.Took)
	if len(p.Cause) > maxCause {
		p.Cause = ""
	}
	if len(p.By) > maxName {
		p.By = ""
	}
	p.Because, p.Hint = fitText(p.Because), fitText(p.Hint)
	return p
}

// fitEnds takes the next ends, with texts that fit.
func fitEnds(ends []chain.End) (all []chain.End) {
	ends = slices.SortedFunc(slices.Values(ends), func(a, b chain.End) int { return a.At.Compare(b.At) })
	w := writer{}
	for _, e := range ends {
		if e.At.Unix() <= 0 || e.At.Year() > 2200 || e.What.IsZero() || len(e.Of) > maxName || len(all) == maxEnds {
			continue
		}
		e.Of, e.At = strings.ToValidUTF8(e.Of, "\uFFFD"), e.At.Round(0).UTC()
		e.What, e.Hint = fitText(e.What), fitText(e.Hint)
		e.Lead = slices.DeleteFunc(slices.Clone(e.Lead[:min(len(e.Lead), maxEnds)]), func(d time.Duration) bool { return d < 0 })
		if len(e.Lead) == 0 {
			e.Lead = nil
		}
		w.say(e.What)
		if w.say(e.Hint); len(w.b) > longestEnds {
			break
		}
		all = append(all, e)
	}
	return all
}

func fitText(t chain.Text) chain.Text {
	long := len(t.Key) > maxName || len(t.Args) > maxArgs
	for name, value := range t.Args {
		long = long || len(name) > maxName || len(value) > maxText
	}
	if long {
		return chain.Say("vantage.long")
	}
	out := chain.Text{Key: strings.ToValidUTF8(t.Key, "\uFFFD")}
	for name, value := range t.Args {
		if out.Args == nil {
			out.Args = make(map[string]string, len(t.Args))
		}
		out.Args[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return out
}

// Line puts a letter into the line that carries it.
func Line(b []byte) string {
	return linePrefix + base64.StdEncoding.EncodeToString(b) + "\n"
}

// refusedPrefix begins the line that answers a letter that was refused.
const (
	linePrefix    = "omamori-letter "
	refusedPrefix = "omamori-refused "
)

// RefusedLine is the line that answers a letter that was refused.
func RefusedLine(c Code) string { return refusedPrefix + string(c) + "\n" }

// ReadLine reads one line: ok is false for one that carries nothing of ours, such as
// what a login shell prints. The error is a *Refusal by the other side.
func ReadLine(line string) (b []byte, ok bool, err error) {
	line = strings.TrimRight(line, "\r\n")
	if code, is := strings.CutPrefix(line, refusedPrefix); is {
		return nil, true, &Refusal{Code: Code(code).known(), There: true}
	}
	code, is := strings.CutPrefix(line, linePrefix)
	if !is {
		return nil, false, nil
	}
	b, err = base64.StdEncoding.Strict().DecodeString(code)
	if err != nil || len(b) > MaxLetter {
		return nil, true, errMalformed
	}
	return b, true, nil
}
