// Package vault keeps the secrets of one-time passwords sealed, so that the age program
// can open them too.
//
// A vault is a folder. vault.age is sealed to an identity of the vault's own, and to as
// many SSH keys, age keys and plug-ins as the owner wishes; key.age holds that identity
// under a passphrase, because age allows nothing beside a passphrase. Whom the vault is
// sealed to stands inside it: a list outside could be added to by anybody.
package vault

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// Entry is an account, or a key, of a vault.
type Entry struct {
	// ID is 32 hexadecimal digits, the same on every device.
	ID string
	// Name is what the owner calls it: "aws". It should be the only one of that name,
	// but two devices may have given it to different entries.
	Name string
	// Account makes codes. Its Secret is empty where Key is set.
	otp.Account
	// Key is a password, or the like, of the same Account's issuer and name.
	Key            otp.Secret
	Added, Changed time.Time

	history history
	deleted bool
}

// IsKey reports whether e is a key rather than what makes codes.
func (e Entry) IsKey() bool { return len(e.Key) > 0 }

// Vault is an open vault.
type Vault struct {
	entries    []Entry     // with those that were deleted
	recipients []Recipient // with those that were taken away
	self       string      // the recipient of the vault's own identity
	// next are those of identities which a Rekey that did not end may have put into
	// key.age, oldest first. The vault is sealed to them too, until one of them opens it.
	next []string
}

// Entries are the entries, in the order in which they were added.
func (v *Vault) Entries() []Entry {
	return slices.DeleteFunc(slices.Clone(v.entries), func(e Entry) bool { return e.deleted })
}

// Recipients are those besides its own identity to whom the vault is sealed.
func (v *Vault) Recipients() []Recipient {
	return slices.DeleteFunc(slices.Clone(v.recipients), func(r Recipient) bool { return r.removed })
}

// Wipe overwrites every secret of v, as far as Go allows: v is of no use after it.
func (v *Vault) Wipe() {
	for _, e := range v.entries {
		e.Secret.Wipe()
		e.Key.Wipe()
	}
	v.entries = nil
}

// Find returns the entry that is meant by name: in this order the one of that name,
// id, the initials or a part of its issuer, or a part of its name there. The Fault is
// of the code Unknown, or Ambiguous with the names of all that it could be.
func (v *Vault) Find(name string) (Entry, error) {
	want := fold(name)
	return v.first(name, append(exactly(want),
		func(e Entry) bool { return initials(e.Issuer) == want && len(want) > 1 },
		func(e Entry) bool { return strings.Contains(fold(e.Name), want) },
		func(e Entry) bool { return strings.Contains(fold(e.Issuer), want) },
		func(e Entry) bool { return strings.Contains(fold(e.Account.Name), want) },
	))
}

// Exact returns the entry of that name, or the beginning of whose id it is: for what no
// guess must do. The Fault is as of Find.
func (v *Vault) Exact(name string) (Entry, error) { return v.first(name, exactly(fold(name))) }

func exactly(want string) []func(Entry) bool {
	return []func(Entry) bool{
		func(e Entry) bool { return fold(e.Name) == want },
		func(e Entry) bool { return len(want) >= 4 && strings.HasPrefix(e.ID, want) },
	}
}

// first returns the entry that the first test knows which knows any.
func (v *Vault) first(name string, tests []func(Entry) bool) (Entry, error) {
	all := v.Entries()
	for _, is := range tests {
		found := slices.DeleteFunc(slices.Clone(all), func(e Entry) bool { return !is(e) })
		switch {
		case fold(name) == "" || len(found) == 0:
		case len(found) == 1:
			return found[0], nil
		default:
			return Entry{}, &Fault{Code: Ambiguous, Name: name, Names: handles(found)}
		}
	}
	return Entry{}, &Fault{Code: Unknown, Name: name, Names: handles(all)}
}

// handles names entries so that each can be asked for: by name, or by the beginning
// of the id where two share a name.
func handles(all []Entry) (names []string) {
	count := map[string]int{}
	for _, e := range all {
		count[fold(e.Name)]++
	}
	for _, e := range all {
		if count[fold(e.Name)] > 1 {
			names = append(names, e.ID[:8])
		} else {
			names = append(names, e.Name)
		}
	}
	return names
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func initials(s string) string {
	var b strings.Builder
	for _, w := range strings.Fields(fold(s)) {
		b.WriteString(string([]rune(w)[:1]))
	}
	return b.String()
}

// Add adds an account, or a key where key is set, under a name; "" makes one of the
// issuer. One that makes the same codes as an entry that is there already is a Fault of
// the code Duplicate, which names that; so is a name that is taken. An entry of a counted
// account that is there already is counted on to a, if that is further.
func (v *Vault) Add(a otp.Account, key otp.Secret, name string, now time.Time) (Entry, error) {
	if len(key) == 0 {
		if err := a.Check(); err != nil {
			return Entry{}, err
		}
	}
	for _, e := range v.Entries() {
		if len(key) == 0 && !e.IsKey() && e.Same(a) {
			v.Used(e.ID, a.Counter)
			return Entry{}, &Fault{Code: Duplicate, Name: a.Title(), Names: []string{e.Name}}
		}
		if name != "" && fold(e.Name) == fold(name) {
			return Entry{}, &Fault{Code: Duplicate, Name: name, Names: []string{e.Name}}
		}
	}
	if name == "" {
		name = v.free(a)
	}
	e := Entry{ID: random(), Name: name, Account: a.Whole(), Key: key, Added: now.UTC(), Changed: now.UTC()}
	e.Secret = slices.Clone(e.Secret)
	e.Key = slices.Clone(e.Key)
	e.history = e.history.edited()
	v.entries = append(v.entries, e)
	return e, nil
}

// free makes a name that no entry has of an account.
func (v *Vault) free(a otp.Account) string {
	base := slug(a.Issuer)
	if base == "" {
		base = slug(a.Name)
	}
	if base == "" {
		base = "account"
	}
	taken := map[string]bool{}
	for _, e := range v.Entries() {
		taken[fold(e.Name)] = true
	}
	name := base
	for n := 2; taken[name]; n++ {
		name = base + "-" + decimal(n)
	}
	return name
}

// Change replaces what an entry holds. Its history is the vault's to keep.
func (v *Vault) Change(e Entry, now time.Time) error {
	i := v.index(e.ID)
	if i < 0 {
		return &Fault{Code: Unknown, Name: e.Name, Names: handles(v.Entries())}
	}
	if !e.IsKey() {
		if err := e.Check(); err != nil {
			return err
		}
	}
	for _, other := range v.Entries() {
		if other.ID != e.ID && fold(other.Name) == fold(e.Name) {
			return &Fault{Code: Duplicate, Name: e.Name, Names: []string{other.Name}}
		}
	}
	e.Changed, e.deleted, e.history = now.UTC(), false, v.entries[i].history.edited()
	v.entries[i] = e
	return nil
}

// Used counts a counted account on: its codes up to counter-1 have been shown.
func (v *Vault) Used(id string, counter uint64) {
	if i := v.index(id); i >= 0 {
		v.entries[i].Counter = max(v.entries[i].Counter, counter)
	}
}

// Remove deletes an entry; that it was there stays known, so that a merge does not
// bring it back.
func (v *Vault) Remove(id string, now time.Time) {
	i := v.index(id)
	if i < 0 {
		return
	}
	e := &v.entries[i]
	e.Secret.Wipe()
	e.Key.Wipe()
	v.entries[i] = Entry{ID: id, Name: e.Name, Added: e.Added, Changed: now.UTC(), deleted: true, history: e.history.edited()}
}

func (v *Vault) index(id string) int {
	return slices.IndexFunc(v.entries, func(e Entry) bool { return e.ID == id && !e.deleted })
}

// BothFactors are the accounts of which the vault holds a key and the code too, as
// pairs of names: who has this device then has both factors.
func (v *Vault) BothFactors() (pairs [][2]string) {
	for _, key := range v.Entries() {
		for _, code := range v.Entries() {
			if key.IsKey() && !code.IsKey() && fold(key.Issuer) == fold(code.Issuer) &&
				(fold(key.Account.Name) == fold(code.Account.Name) || key.Account.Name == "" || code.Account.Name == "") {
				pairs = append(pairs, [2]string{key.Name, code.Name})
			}
		}
	}
	return pairs
}

// edits names what was ever changed in v: all but how far accounts have been counted on.
func (v *Vault) edits() (all []string) {
	all = append(append(all, v.self), v.next...)
	for _, e := range v.entries {
		all = append(all, e.ID, e.history.edit)
	}
	for _, r := range v.recipients {
		all = append(all, r.Key, r.Label, r.changed.String(), strconv.FormatBool(r.removed))
	}
	return all
}

// random is 128 random bits in hexadecimal.
func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
