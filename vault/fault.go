package vault

import (
	"errors"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Code says what a Fault is about.
type Code string

const (
	None            Code = "none"             // no vault there
	Lost            Code = "lost"             // a file is gone, the rest of a vault is there
	There           Code = "there"            // one is there already
	WrongPassphrase Code = "wrong_passphrase" // key.age is whole, the passphrase is not its own
	Damaged         Code = "damaged"          // cut off, or changed since it was written
	OtherKey        Code = "other_key"        // whole, but not for any of the identities
	Newer           Code = "newer"            // written by a newer omamori
	Busy            Code = "busy"             // another program writes it
	Unknown         Code = "unknown"          // no entry is meant by this name
	Ambiguous       Code = "ambiguous"        // several may be
	Duplicate       Code = "duplicate"        // the same is there already
	BadRecipient    Code = "bad_recipient"    // nothing that a vault can be sealed to
	Slow            Code = "slow"             // opening would take more memory than it may
	NotRestored     Code = "not_restored"     // no such version
	NoPassphrase    Code = "no_passphrase"
)

// Fault is what keeps a vault from being used as asked.
type Fault struct {
	Code  Code
	Name  string   // of a file, an entry or a recipient
	Names []string // of the entries that there are, or could be
	Err   error
}

func (f *Fault) Error() string {
	s := "vault: " + string(f.Code)
	if f.Name != "" {
		s += " " + f.Name
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }

// Said gives the words of the fault: see chain.Spoken.
func (f *Fault) Said() (text, hint chain.Text) {
	names := strings.Join(f.Names, ", ")
	if names == "" {
		names = "-"
	}
	say := func(key string) chain.Text { return chain.Say(key, "name", f.Name, "names", names) }
	return say("vault.fault_" + string(f.Code)), say("vault.fault_" + string(f.Code) + "_hint")
}

// Is reports whether err is a Fault of the code.
func Is(err error, code Code) bool {
	var f *Fault
	return errors.As(err, &f) && f.Code == code
}
