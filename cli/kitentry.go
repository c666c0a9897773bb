package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/words"
)

// kitEntry is an entry as a kit has it: in few bytes, as it may have to be typed.
type kitEntry struct {
	Name    string `json:"n"`
	Issuer  string `json:"i,omitempty"`
	Account string `json:"a,omitempty"`
	Secret  []byte `json:"s,omitempty"`
	Key     []byte `json:"k,omitempty"`
	HOTP    bool   `json:"h,omitempty"`
	Hash    uint8  `json:"g,omitempty"`
	Digits  int    `json:"d,omitempty"`
	Period  int    `json:"p,omitempty"` // seconds
	Counter uint64 `json:"c,omitempty"`
}

func kitEntryOf(e vault.Entry) kitEntry {
	k := kitEntry{Name: e.Name, Issuer: e.Issuer, Account: e.Account.Name, Secret: e.Secret, Key: e.Key,
		HOTP: e.Type == otp.HOTP, Hash: uint8(e.Algorithm), Counter: e.Counter}
	if e.Digits != otp.DefaultDigits {
		k.Digits = e.Digits
	}
	if e.Period != otp.DefaultPeriod {
		k.Period = int(e.Period / time.Second)
	}
	return k
}

func (k kitEntry) account() otp.Account {
	a := otp.Account{Issuer: k.Issuer, Name: k.Account, Secret: k.Secret, Algorithm: otp.Algorithm(k.Hash), Digits: k.Digits,
		Period: time.Duration(k.Period) * time.Second, Counter: k.Counter}
	if k.HOTP {
		a.Type = otp.HOTP
	}
	return a
}

// print is what makes an account another one for a kit: what its codes are made of.
func (k kitEntry) print() []byte {
	k.Name, k.Counter = "", 0
	b, err := json.Marshal(k)
	if err != nil { // plain fields: cannot fail
		panic(err)
	}
	return b
}

func prints(v *vault.Vault) (all [][]byte) {
	for _, e := range v.Entries() {
		all = append(all, kitEntryOf(e).print())
	}
	return all
}

// writeKitEntries makes a kit's payload, and readKitEntries reads one.
func writeKitEntries(entries []vault.Entry) ([]byte, error) {
	var all []kitEntry
	for _, e := range entries {
		all = append(all, kitEntryOf(e))
	}
	return json.Marshal(all)
}

func readKitEntries(payload []byte) (all []kitEntry, err error) {
	if json.Unmarshal(payload, &all) != nil { // its error would quote secrets
		return nil, &Problem{Text: chain.Say("cli.kit_unknown"), Hint: chain.Say("kit.newer_hint")}
	}
	for i, e := range all { // a kit that somebody forged moves no terminal about
		all[i].Name, all[i].Issuer, all[i].Account = words.Clean(e.Name), words.Clean(e.Issuer), words.Clean(e.Account)
	}
	return all, nil
}

// addKitEntries adds to a vault what it does not have yet.
func addKitEntries(v *vault.Vault, all []kitEntry, now time.Time) (added, there []string, err error) {
	for _, e := range all {
		has := v.Entries()
		name := e.Name
		if slices.ContainsFunc(has, func(have vault.Entry) bool { return strings.EqualFold(have.Name, name) }) {
			name = ""
		}
		if i := slices.IndexFunc(has, func(have vault.Entry) bool { return bytes.Equal(kitEntryOf(have).print(), e.print()) }); i >= 0 {
			v.Used(has[i].ID, e.Counter)
			there = append(there, e.Name)
			continue
		}
		switch _, err := v.Add(e.account(), e.Key, name, now); {
		case vault.Is(err, vault.Duplicate): // the same codes under another title
			there = append(there, e.Name)
		case err != nil:
			return nil, nil, err
		default:
			added = append(added, e.Name)
		}
	}
	return added, there, nil
}

// kitLooks notes in the record of the kit, if there is one, what the kit lacks of the
// vault now. A record that cannot be kept is warned of: the vault itself is changed by then.
func (a *App) kitLooks(s vault.Store, now [][]byte) {
	path := filepath.Join(s.Dir, kit.RecordFile)
	r, err := kit.ReadRecord(path)
	if errors.Is(err, kit.ErrNoRecord) {
		return
	}
	if err == nil && r.Look(now) {
		err = r.Write(s.Dir)
	}
	if err != nil {
		fmt.Fprintln(a.style(a.Err), yellow.Render("!"), wrap(a.say("cli.kit_no_record", "path", path, "error", err.Error()), width(a.Err), 2))
	}
}
