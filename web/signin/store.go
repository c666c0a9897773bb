package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// What is kept, and for how long.
const (
	fileName   = "page.json"
	maxFile    = 4 << 20
	maxPeople  = 100
	maxDevices = 20 // of one person
	// maxSessions bounds those of one person; the oldest makes room.
	maxSessions = 20

	linkCounts   = 5 * time.Minute
	inviteCounts = 24 * time.Hour
	enrolCounts  = 15 * time.Minute
	// A session from the machine itself ends within the day; one of a person's own
	// device when it was not used for a week, and after a month.
	localCounts  = 12 * time.Hour
	idleCounts   = 7 * 24 * time.Hour
	personCounts = 30 * 24 * time.Hour
)

// hash is of a token: what lies on the disk opens nothing.
type hash [sha256.Size]byte

func (h hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *hash) UnmarshalText(b []byte) error {
	if hex.DecodedLen(len(b)) != len(h) {
		return errors.New("no hash")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

func hashOf(token string) hash { return sha256.Sum256([]byte("omamori page token " + token)) }

// newToken makes a secret of 256 bits.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it does not fail: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// kept is what the file holds.
type kept struct {
	People   []*person  `json:"people"`
	Sessions []*session `json:"sessions"`
	Invites  []*invite  `json:"invites"`
}

// person is somebody with devices of his own.
type person struct {
	ID      []byte    `json:"id"` // random: what passkeys know him by
	Name    string    `json:"name"`
	Act     bool      `json:"act"`
	Devices []*device `json:"devices"`
	// Wrong counts wrong codes of strangers since one was let in: see totp.go.
	Wrong int `json:"wrong,omitempty"`
	// Known are browsers that have signed in as him.
	Known []*known `json:"known,omitempty"`
	// tries are the moments of wrong codes of strangers, in the last day.
	tries []time.Time
}

// device is what somebody signs in by.
type device struct {
	Kind  string    `json:"kind"` // passkey or totp
	Added time.Time `json:"added"`
	// Host is where a passkey counts.
	Host string `json:"host,omitempty"`
	// Passkey is a credential as the library keeps it, a public key, and KeyID its name.
	KeyID   []byte          `json:"key_id,omitempty"`
	Passkey json.RawMessage `json:"passkey,omitempty"`
	// Secret is a code generator's; Step the last step whose code was taken.
	Secret []byte `json:"secret,omitempty"`
	Step   uint64 `json:"step,omitempty"`
}

// session is that of one browser.
type session struct {
	Hash  hash      `json:"hash"`
	Name  string    `json:"name"`
	How   string    `json:"how"` // link, passkey, totp; enrol for one that may only bring a device
	Act   bool      `json:"act"`
	Began time.Time `json:"began"`
	Seen  time.Time `json:"seen"`
	// From is the network that the session of a link counts from.
	From string `json:"from,omitempty"`
	// Form is what the session's forms carry.
	Form string `json:"form"`
	// Turned is when the cookie last changed, Old what it was before. Given are those that the
	// browser was given to take its place, at Gave, and has not yet shown; Past those that are
	// long over. See turn.go.
	Turned time.Time `json:"turned"`
	Old    []hash    `json:"old,omitempty"`
	Given  []hash    `json:"given,omitempty"`
	Gave   time.Time `json:"gave,omitzero"`
	Past   []hash    `json:"past,omitempty"`
	// Replace says that the device that is brought takes the place of all others.
	Replace bool `json:"replace,omitempty"`
	// secret is of the code generator that is being brought.
	secret []byte
	// life is done once the session was ended, by kill; nil while nobody wants to know.
	life context.Context
	kill context.CancelFunc
}

// ends is when the session ends by itself.
func (s *session) ends() time.Time {
	switch s.How {
	case "enrol":
		return s.Began.Add(enrolCounts)
	case "link":
		return s.Began.Add(localCounts)
	}
	idle, all := s.Seen.Add(idleCounts), s.Began.Add(personCounts)
	if idle.Before(all) {
		return idle
	}
	return all
}

func (s *session) over(now time.Time) bool { return now.After(s.ends()) }

// living is done once the session was ended. g.mu is held.
func (s *session) living() context.Context {
	if s.life == nil {
		s.life, s.kill = context.WithCancel(context.Background())
	}
	return s.life
}

// done ends what goes on by the session. g.mu is held.
func (s *session) done() {
	if s.kill != nil {
		s.kill()
	}
}

// invite lets a device be brought, once.
type invite struct {
	Hash    hash      `json:"hash"`
	Name    string    `json:"name"`
	Act     bool      `json:"act"`
	Replace bool      `json:"replace,omitempty"`
	Until   time.Time `json:"until"`
}

// link is one that lets its bearer in, once.
type link struct {
	name  string
	until time.Time
}

// load reads the file of a state folder. One that is damaged is put aside, and the path
// where is returned: nobody is let in by what cannot be read.
func load(dir string) (k kept, aside string, err error) {
	path := filepath.Join(dir, fileName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, "", nil
	} else if err != nil {
		return kept{}, "", fmt.Errorf("read who may see the page: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return kept{}, "", fmt.Errorf("read who may see the page: %w", err)
	}
	k, err = parse(b)
	if err == nil {
		return k, "", nil
	}
	aside = path + ".damaged"
	if err := os.Rename(path, aside); err != nil {
		return kept{}, "", fmt.Errorf("put the damaged %s aside: %w", fileName, err)
	}
	return kept{}, aside, nil
}

func parse(b []byte) (k kept, err error) {
	if len(b) > maxFile {
		return k, errors.New("too large")
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return kept{}, err
	}
	for _, p := range k.People {
		if p == nil || len(p.ID) == 0 || p.Name == "" {
			return kept{}, errors.New("somebody without a name")
		}
		for _, d := range p.Devices {
			if d == nil {
				return kept{}, errors.New("a device that is none")
			}
		}
		for _, k := range p.Known {
			if k == nil {
				return kept{}, errors.New("a browser that is none")
			}
		}
	}
	for _, s := range k.Sessions {
		if s == nil || s.Name == "" {
			return kept{}, errors.New("a session of nobody")
		}
		if s.Form == "" { // that of a version before
			s.Form, s.Turned = newToken(), s.Began
		}
	}
	for _, i := range k.Invites {
		if i == nil || i.Name == "" {
			return kept{}, errors.New("an invitation of nobody")
		}
	}
	return k, nil
}

// save writes the file. Where the disk refuses, what is in memory counts all the same:
// an owner whose disk is full is to be let in.
func (g *Gate) save() {
	b, err := json.Marshal(g.kept)
	if err == nil {
		err = writeFile(filepath.Join(g.o.State, fileName), b)
	}
	if err != nil {
		g.o.Log.Warn("keep who may see the page", "error", err)
	}
}

// writeFile puts b in the place of a file of mode 0600, all of it or nothing.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".page-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func (g *Gate) person(name string) *person {
	for _, p := range g.kept.People {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// find returns the session that a token is of, nil if it is none or over. g.mu is held.
func (g *Gate) find(token string) *session {
	s, past := g.match(token)
	if past {
		return nil
	}
	return s
}

// begin makes a session and returns its token. g.mu is held.
func (g *Gate) begin(s session) (token string) {
	token, now := newToken(), time.Now()
	s.Hash, s.Began, s.Seen, s.Turned, s.Form = hashOf(token), now, now, now, newToken()
	var left []*session
	own := 1
	for i := len(g.kept.Sessions) - 1; i >= 0; i-- { // the newest come last
		old := g.kept.Sessions[i]
		if old.Name == s.Name {
			own++
		}
		if old.over(now) || old.Name == s.Name && own > maxSessions {
			old.done()
			continue
		}
		left = append(left, old)
	}
	for i, j := 0, len(left)-1; i < j; i, j = i+1, j-1 {
		left[i], left[j] = left[j], left[i]
	}
	g.kept.Sessions = append(left, &s)
	g.save()
	return token
}

// end ends the sessions that are so. g.mu is held.
func (g *Gate) end(so func(*session) bool) {
	var left []*session
	for _, s := range g.kept.Sessions {
		if so(s) {
			s.done()
			continue
		}
		left = append(left, s)
	}
	g.kept.Sessions = left
}
