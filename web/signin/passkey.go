package signin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/words"
)

// ceremonyCounts is how long somebody may take over his passkey.
const ceremonyCounts = 5 * time.Minute

// noPasskey is the key of the sentence why a page at base can have no passkeys, "" if it
// can: browsers know them for names alone, and only where nobody listens in.
func noPasskey(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "signin.passkey_plain"
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return "signin.passkey_address"
	}
	if u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return "signin.passkey_plain"
	}
	return ""
}

// PasskeyJob is one step of a ceremony, for the program that knows how: it links a
// library that would otherwise cost the guard its memory all day, and reads what strangers
// send in a process that lives for milliseconds.
type PasskeyJob struct {
	Op     string `json:"op"` // see below
	Host   string `json:"host"`
	Origin string `json:"origin"`
	// ID and Name are of a person, Known the passkeys that he has for the host.
	ID    []byte            `json:"id,omitempty"`
	Name  string            `json:"name,omitempty"`
	Known []json.RawMessage `json:"known,omitempty"`
	// Data is what the step before has left, Answer what the browser said.
	Data   json.RawMessage `json:"data,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// The steps: of coming in, and of bringing a new passkey.
const (
	BeginIn     = "begin-in"
	FinishIn    = "finish-in"
	BeginBring  = "begin-bring"
	FinishBring = "finish-bring"
)

// PasskeyResult is what came of it.
type PasskeyResult struct {
	Error string `json:"error,omitempty"`
	// Options are for the browser, Data for the next step.
	Options json.RawMessage `json:"options,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	// Passkey is the one that was proved or made, KeyID its name.
	Passkey json.RawMessage `json:"passkey,omitempty"`
	KeyID   []byte          `json:"key_id,omitempty"`
}

// passkeyTime bounds one step.
const passkeyTime = 10 * time.Second

// PasskeyProgram has each step done by the program at path.
func PasskeyProgram(path string) func(context.Context, PasskeyJob) (PasskeyResult, error) {
	return func(ctx context.Context, j PasskeyJob) (r PasskeyResult, err error) {
		ctx, cancel := context.WithTimeout(ctx, passkeyTime)
		defer cancel()
		in, err := json.Marshal(j)
		if err != nil {
			return r, err
		}
		cmd := exec.CommandContext(ctx, path)
		cmd.Env = []string{} // it needs none of our secrets
		cmd.Stdin = bytes.NewReader(in)
		cmd.WaitDelay = time.Second
		cmd.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
		out, err := cmd.Output()
		if json.Unmarshal(out, &r) == nil && r.Error != "" {
			return r, errors.New(words.Clean(r.Error))
		}
		if err != nil {
			return r, fmt.Errorf("run %s: %w", path, err)
		}
		return r, nil
	}
}

// step does one step at the page that r asks for. g.mu is not held: it takes a while.
func (g *Gate) step(r *http.Request, j PasskeyJob) (PasskeyResult, error) {
	c := callerOf(r)
	j.Host, j.Origin = c.host, c.origin(r)
	if key := noPasskey(j.Origin); key != "" {
		return PasskeyResult{}, &Trouble{Text: chain.Say(key)}
	}
	select { // few at a time: each is a process
	case g.steps <- struct{}{}:
		defer func() { <-g.steps }()
	case <-r.Context().Done():
		return PasskeyResult{}, r.Context().Err()
	}
	return g.o.Passkeys(r.Context(), j)
}

// maxSteps is how many steps are done at once.
const maxSteps = 2

// passkeys gives those of a person for a host. g.mu is held.
func (p *person) passkeys(host string) (all []json.RawMessage) {
	for _, d := range p.Devices {
		if d.Kind == "passkey" && d.Host == host {
			all = append(all, bytes.Clone(d.Passkey))
		}
	}
	return all
}

// ceremony is what a browser keeps for us between two requests, sealed: a stranger who
// begins thousands costs no memory.
type ceremony struct {
	For   string          `json:"for"` // coming in, or the session of who brings a device
	ID    []byte          `json:"id,omitempty"`
	Data  json.RawMessage `json:"data"`
	Until time.Time       `json:"until"`

	seal string
}

func (g *Gate) seal(c ceremony) (string, error) {
	c.Until = time.Now().Add(ceremonyCounts)
	b, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b) + "." + base64.RawURLEncoding.EncodeToString(g.mac(b)), nil
}

func (g *Gate) mac(b []byte) []byte {
	m := hmac.New(sha256.New, g.key[:])
	m.Write(b)
	return m.Sum(nil)
}

var errSeal = errors.New("not begun here, or too long ago")

func (g *Gate) unseal(s, purpose string) (c ceremony, err error) {
	body, mac, _ := strings.Cut(s, ".")
	b, err1 := base64.RawURLEncoding.DecodeString(body)
	m, err2 := base64.RawURLEncoding.DecodeString(mac)
	if err1 != nil || err2 != nil || !hmac.Equal(m, g.mac(b)) {
		return c, errSeal
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, err
	}
	c.seal = string(m)
	if c.For != purpose || time.Now().After(c.Until) {
		return c, errSeal
	}
	return c, nil
}

// spend uses up a ceremony; false for one that was used before. g.mu is held.
func (g *Gate) spend(c ceremony) bool {
	now := time.Now()
	for seal, until := range g.used {
		if now.After(until) {
			delete(g.used, seal)
		}
	}
	if _, spent := g.used[c.seal]; spent {
		return false
	}
	g.used[c.seal] = c.Until
	return true
}

// begun is what a browser is given to begin.
type begun struct {
	State   string          `json:"state"`
	Options json.RawMessage `json:"options"`
}

// finished is what it brings back.
type finished struct {
	State      string          `json:"state"`
	Credential json.RawMessage `json:"credential"`
	Next       string          `json:"next"`
}

// beginIn makes the challenge for who wants to come in by a passkey.
func (g *Gate) beginIn(r *http.Request) (b begun, err error) {
	got, err := g.step(r, PasskeyJob{Op: BeginIn})
	if err != nil {
		return b, err
	}
	state, err := g.seal(ceremony{For: "in", Data: got.Data})
	return begun{state, got.Options}, err
}

// finishIn lets somebody in by his passkey.
func (g *Gate) finishIn(r *http.Request, f finished) (name, token string, err error) {
	c, err := g.unseal(f.State, "in")
	if err != nil {
		return "", "", err
	}
	var says struct {
		Response struct {
			UserHandle string `json:"userHandle"`
		} `json:"response"`
	}
	if err := json.Unmarshal(f.Credential, &says); err != nil {
		return "", "", err
	}
	handle, err := base64.RawURLEncoding.DecodeString(says.Response.UserHandle)
	if err != nil {
		return "", "", err
	}
	job := PasskeyJob{Op: FinishIn, Data: c.Data, Answer: f.Credential}
	g.mu.Lock()
	if p := g.byID(handle); p != nil {
		job.ID, job.Name, job.Known = bytes.Clone(p.ID), p.Name, p.passkeys(callerOf(r).host)
	}
	g.mu.Unlock()
	if len(job.Known) == 0 {
		return "", "", errors.New("nobody here has such a passkey")
	}
	got, err := g.step(r, job)
	if err != nil {
		return "", "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.byID(handle) // he may be gone by now
	d := g.withKey(got.KeyID)
	if p == nil || d == nil || !slices.Contains(p.Devices, d) || !g.spend(c) {
		return "", "", errSeal
	}
	d.Passkey = got.Passkey // with its counter
	return p.Name, g.begin(session{Name: p.Name, How: "passkey", Act: p.Act}), nil
}

// byID is the person with an ID. g.mu is held.
func (g *Gate) byID(id []byte) *person {
	for _, p := range g.kept.People {
		if hmac.Equal(p.ID, id) {
			return p
		}
	}
	return nil
}

// withKey is the device with a passkey of that name. g.mu is held.
func (g *Gate) withKey(id []byte) *device {
	for _, p := range g.kept.People {
		for _, d := range p.Devices {
			if d.Kind == "passkey" && bytes.Equal(d.KeyID, id) {
				return d
			}
		}
	}
	return nil
}

// bringer is the session of a token by which a device may be brought. g.mu is held.
func (g *Gate) bringer(token string) *session {
	if s := g.find(token); s != nil && s.How == "enrol" {
		return s
	}
	return nil
}

// beginBring makes the challenge for a new passkey of whoever brings a device.
func (g *Gate) beginBring(r *http.Request, token string) (b begun, err error) {
	g.mu.Lock()
	s := g.bringer(token)
	if s == nil {
		g.mu.Unlock()
		return b, errSeal
	}
	job := PasskeyJob{Op: BeginBring, ID: newID(), Name: s.Name}
	if p := g.person(s.Name); p != nil {
		job.ID, job.Known = bytes.Clone(p.ID), p.passkeys(callerOf(r).host)
	}
	purpose := purposeOf(s)
	g.mu.Unlock()
	got, err := g.step(r, job)
	if err != nil {
		return b, err
	}
	state, err := g.seal(ceremony{For: purpose, ID: job.ID, Data: got.Data})
	return begun{state, got.Options}, err
}

func purposeOf(s *session) string {
	h, _ := s.Hash.MarshalText()
	return "bring " + string(h)
}

// finishBring takes a new passkey, and lets its owner in.
func (g *Gate) finishBring(r *http.Request, token string, f finished) (name, newToken string, err error) {
	g.mu.Lock()
	s := g.bringer(token)
	if s == nil {
		g.mu.Unlock()
		return "", "", errSeal
	}
	name, purpose := s.Name, purposeOf(s)
	g.mu.Unlock()
	c, err := g.unseal(f.State, purpose)
	if err != nil {
		return "", "", err
	}
	got, err := g.step(r, PasskeyJob{Op: FinishBring, ID: c.ID, Name: name, Data: c.Data, Answer: f.Credential})
	if err != nil {
		return "", "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s = g.bringer(token); s == nil || !g.spend(c) || g.withKey(got.KeyID) != nil {
		return "", "", errSeal
	}
	newToken, err = g.bring(s, &device{Kind: "passkey", Added: time.Now(), Host: callerOf(r).host, KeyID: got.KeyID, Passkey: got.Passkey}, c.ID)
	return name, newToken, err
}

// cameIn journals that somebody has come in, and tells of one who may act: a guest who only
// looks is not the owner.
func (g *Gate) cameIn(ctx context.Context, key, name string, r *http.Request) {
	_ = g.note(ctx, chain.Say(key, "name", name, "from", callerOf(r).addr))
	g.mu.Lock()
	p := g.person(name)
	acts := p != nil && p.Act
	g.mu.Unlock()
	if acts && g.o.CameIn != nil {
		g.o.CameIn(name)
	}
}
