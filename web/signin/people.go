package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Link is a one-time link.
type Link struct {
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
}

// Invitation asks for a code by which somebody brings a device.
type Invitation struct {
	Name string `json:"name"`
	// Read says that he is only to read.
	Read bool `json:"read,omitempty"`
	// Replace says that the new device takes the place of all others that he has.
	Replace bool   `json:"replace,omitempty"`
	By      string `json:"by"`
}

// Invited is such a code.
type Invited struct {
	Code string `json:"code"`
	// URL is where it is typed; the code stands in it.
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
	// NoPasskey says why a passkey cannot be had there, "" if it can.
	NoPasskey string `json:"no_passkey,omitempty"`
}

// PersonStatus is somebody who may sign in.
type PersonStatus struct {
	Name     string         `json:"name"`
	Act      bool           `json:"act"`
	Devices  []DeviceStatus `json:"devices"`
	Sessions int            `json:"sessions"`
}

// DeviceStatus is what somebody signs in by.
type DeviceStatus struct {
	Kind  string    `json:"kind"`
	Host  string    `json:"host,omitempty"`
	Added time.Time `json:"added"`
}

// Trouble is what is told to whoever asked on the machine.
type Trouble struct{ Text, Hint chain.Text }

func (e *Trouble) Error() string { return fmt.Sprintf("%s %v", e.Text.Key, e.Text.Args) }

// Said puts the error into words.
func (e *Trouble) Said() (text, hint chain.Text) { return e.Text, e.Hint }

// longestName bounds a person's name, in bytes.
const longestName = 64

// served says where the page is, or why it is nowhere.
func (g *Gate) served() (base string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.base == "" {
		return "", &Trouble{Text: g.nowhere, Hint: chain.Say("signin.nowhere_hint")}
	}
	return g.base, nil
}

// Link makes a one-time link for whoever asks on the machine itself.
func (g *Gate) Link(ctx context.Context, who string) (Link, error) {
	base, err := g.served()
	if err != nil {
		return Link{}, err
	}
	token, l := newToken(), link{name: named(who), until: time.Now().Add(linkCounts)}
	if err := g.note(ctx, chain.Say("signin.did_link", "who", l.name)); err != nil {
		return Link{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for h, old := range g.links {
		if time.Now().After(old.until) {
			delete(g.links, h)
		}
	}
	if len(g.links) >= maxPeople {
		clear(g.links)
	}
	g.links[hashOf(token)] = l
	return Link{URL: base + "/signin/link?t=" + token, Until: l.until}, nil
}

// named is a name as the journal can take it.
func named(s string) string {
	s = strings.TrimSpace(words.Clean(s))
	if len(s) > longestName {
		s = strings.ToValidUTF8(s[:longestName], "")
	}
	if s == "" {
		return "owner"
	}
	return s
}

// Invite makes a code by which somebody brings a device.
func (g *Gate) Invite(ctx context.Context, i Invitation) (Invited, error) {
	base, err := g.served()
	if err != nil {
		return Invited{}, err
	}
	if i.Name == "" || named(i.Name) != i.Name {
		return Invited{}, &Trouble{Text: chain.Say("signin.bad_name", "name", i.Name, "max", longestName)}
	}
	g.mu.Lock()
	p, full := g.person(i.Name), len(g.kept.People) >= maxPeople
	g.mu.Unlock()
	if p == nil && full {
		return Invited{}, &Trouble{Text: chain.Say("signin.too_many", "max", maxPeople), Hint: chain.Say("signin.too_many_hint")}
	}
	if err := g.note(ctx, chain.Say("signin.did_invite", "who", named(i.By), "name", i.Name)); err != nil {
		return Invited{}, err
	}
	code := newCode()
	v := &invite{Hash: hashOf(plainCode(code)), Name: i.Name, Act: !i.Read, Replace: i.Replace, Until: time.Now().Add(inviteCounts)}
	g.mu.Lock()
	defer g.mu.Unlock()
	var left []*invite
	for _, old := range g.kept.Invites { // one for each name: the newest counts
		if old.Name != i.Name && time.Now().Before(old.Until) {
			left = append(left, old)
		}
	}
	g.kept.Invites = append(left, v)
	g.save()
	return Invited{Code: code, URL: base + "/signin/code?code=" + code, Until: v.Until, NoPasskey: noPasskey(base)}, nil
}

// People lists who may sign in.
func (g *Gate) People(context.Context) ([]PersonStatus, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := []PersonStatus{}
	for _, p := range g.kept.People {
		s := PersonStatus{Name: p.Name, Act: p.Act, Devices: []DeviceStatus{}}
		for _, d := range p.Devices {
			s.Devices = append(s.Devices, DeviceStatus{d.Kind, d.Host, d.Added})
		}
		for _, c := range g.kept.Sessions {
			if c.Name == p.Name && !c.over(time.Now()) {
				s.Sessions++
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// Dismiss ends what a person may do, his sessions and his invitations.
func (g *Gate) Dismiss(ctx context.Context, name, who string) error {
	g.mu.Lock()
	known := g.person(name) != nil
	for _, i := range g.kept.Invites {
		known = known || i.Name == name
	}
	for _, s := range g.kept.Sessions {
		known = known || s.Name == name
	}
	g.mu.Unlock()
	if !known {
		return &Trouble{Text: chain.Say("signin.nobody", "name", words.Clean(name)), Hint: chain.Say("signin.nobody_hint")}
	}
	if err := g.note(ctx, chain.Say("signin.did_dismiss", "who", named(who), "name", name)); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(func(s *session) bool { return s.Name == name })
	var people []*person
	for _, p := range g.kept.People {
		if p.Name != name {
			people = append(people, p)
		}
	}
	var invites []*invite
	for _, i := range g.kept.Invites {
		if i.Name != name {
			invites = append(invites, i)
		}
	}
	g.kept.People, g.kept.Invites = people, invites
	g.save()
	return nil
}

// SignOut ends the sessions of everybody, and the links that nobody has used; it says how many
// sessions those were.
func (g *Gate) SignOut(ctx context.Context, who string) (n int, err error) {
	if err := g.note(ctx, chain.Say("signin.did_sign_out", "who", named(who))); err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(func(s *session) bool {
		if !s.over(time.Now()) {
			n++
		}
		return true
	})
	clear(g.links)
	g.save()
	return n, nil
}

// alphabet is Crockford's: no letter in it looks like another.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newCode makes a code of 80 bits that a person can type.
func newCode() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	var s strings.Builder
	for i, c := range b {
		if i > 0 && i%4 == 0 {
			s.WriteByte('-')
		}
		s.WriteByte(alphabet[c&31])
	}
	return s.String()
}

// plainCode is a code as it is meant, however it was typed; "" for what is none.
func plainCode(typed string) string {
	if len(typed) > 200 {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // the wide letters of a Japanese keyboard
			r -= '！' - '!'
		}
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r == '-' || r == ' ' || r == '　' || r == 'ー' || r == '−' || r == '‐':
			return -1
		}
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		if !strings.ContainsRune(alphabet, r) {
			return '?'
		}
		return r
	}, typed)
	if len(plain) != 16 || strings.Contains(plain, "?") {
		return ""
	}
	return plain
}

// use takes the invitation of a code, and begins the session in which a device is
// brought.
func (g *Gate) use(ctx context.Context, typed string) (token string, ok bool) {
	plain := plainCode(typed)
	if plain == "" {
		return "", false
	}
	h := hashOf(plain)
	g.mu.Lock()
	var found *invite
	var left []*invite
	for _, i := range g.kept.Invites {
		if subtle.ConstantTimeCompare(i.Hash[:], h[:]) == 1 && time.Now().Before(i.Until) {
			found = i
			continue
		}
		left = append(left, i)
	}
	if found == nil {
		g.mu.Unlock()
		return "", false
	}
	g.kept.Invites = left
	token = g.begin(session{Name: found.Name, How: "enrol", Act: found.Act, Replace: found.Replace})
	g.mu.Unlock()
	_ = g.note(ctx, chain.Say("signin.did_code", "name", found.Name)) // the journal keeps it in memory
	return token, true
}

// bring gives a person the device that he has brought in an enrolling session, and lets
// him in. Somebody new is known by id. g.mu is held.
func (g *Gate) bring(s *session, d *device, id []byte) (token string, err error) {
	p := g.person(s.Name)
	if p == nil {
		if len(g.kept.People) >= maxPeople {
			return "", &Trouble{Text: chain.Say("signin.too_many", "max", maxPeople), Hint: chain.Say("signin.too_many_hint")}
		}
		p = &person{ID: id, Name: s.Name}
		g.kept.People = append(g.kept.People, p)
	}
	if s.Replace {
		p.Devices, p.Known = nil, nil
	}
	g.end(func(o *session) bool { return o == s || s.Replace && o.Name == s.Name })
	p.Act, p.Wrong = s.Act, 0
	p.Devices = append(p.Devices, d)
	if n := len(p.Devices); n > maxDevices {
		p.Devices = p.Devices[n-maxDevices:]
	}
	return g.begin(session{Name: p.Name, How: d.Kind, Act: p.Act}), nil
}

func newID() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return b
}
