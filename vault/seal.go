package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"
)

// maxSealed bounds a vault's file, in bytes: ten thousand entries are three mebibytes.
const maxSealed = 16 << 20

// Open opens a sealed vault, which is what the file vault.age holds, with the first of
// the identities that can. The Fault is of the code Damaged, OtherKey or Newer.
func Open(sealed []byte, ids ...age.Identity) (v *Vault, err error) {
	erasing(func() { v, err = open(sealed, ids) })
	return v, err
}

func open(sealed []byte, ids []age.Identity) (*Vault, error) {
	if len(sealed) > maxSealed {
		return nil, &Fault{Code: Damaged, Err: errors.New("too long")}
	}
	if len(ids) == 0 {
		return nil, &Fault{Code: OtherKey, Err: errors.New("no key was given")}
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		code := OtherKey
		if meant(sealed, ids) {
			code = Damaged
		}
		return nil, &Fault{Code: code, Err: err}
	}
	if missing := (*plugin.NotFoundError)(nil); errors.As(err, &missing) {
		return nil, err
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(r, maxSealed))
		defer clear(plain)
	}
	if err != nil {
		return nil, &Fault{Code: Damaged, Err: err}
	}
	v, err := decode(plain)
	if err == nil {
		v.own(ids)
	}
	return v, err
}

// own makes an identity of ids the vault's own that a Rekey which did not end was about to:
// it has been in key.age, as nobody could have it otherwise. Later ones may be there by now,
// and stay.
func (v *Vault) own(ids []age.Identity) {
	for _, id := range ids {
		if x, ok := id.(*age.X25519Identity); ok {
			if i := slices.Index(v.next, x.Recipient().String()); i >= 0 {
				v.self, v.next = v.next[i], v.next[i+1:]
			}
		}
	}
}

// Seal seals v to its own identity and to its recipients. It needs no secret but what
// v holds. Plug-ins speak through ui, which may be nil.
func (v *Vault) Seal(ui *plugin.ClientUI) (sealed []byte, err error) {
	erasing(func() { sealed, err = v.seal(ui) })
	return sealed, err
}

func (v *Vault) seal(ui *plugin.ClientUI) ([]byte, error) {
	self, err := age.ParseX25519Recipient(v.self)
	if err != nil {
		return nil, &Fault{Code: BadRecipient}
	}
	to := []age.Recipient{self, mark(v.self)}
	keys := slices.Clone(v.next)
	for _, r := range v.Recipients() {
		keys = append(keys, r.Key)
	}
	for _, key := range keys {
		r, err := recipient(key, ui)
		if err != nil {
			return nil, err
		}
		to = append(to, r)
	}
	plain, err := encode(v)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return sealTo(plain, to...)
}

func sealTo(plain []byte, to ...age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// mark is a recipient that opens nothing: it writes into the header whose vault this
// is. age passes over what it does not know. Without it nobody could tell a vault that
// is damaged from one that is sealed to another key, as age's own stanzas name nobody.
type mark string

const markType = "omamori-vault"

func (m mark) Wrap([]byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: markType, Args: []string{m.print()}}}, nil
}

func (m mark) print() string {
	sum := sha256.Sum256([]byte("omamori vault: " + string(m)))
	return hex.EncodeToString(sum[:8])
}

// meant reports whether a sealed vault should open to one of ids but does not: it is
// marked as that one's, or not even marked.
func meant(sealed []byte, ids []age.Identity) bool {
	marked := marks(sealed)
	if marked == "" {
		return true
	}
	for _, id := range ids {
		if x, ok := id.(*age.X25519Identity); ok && mark(x.Recipient().String()).print() == marked {
			return true
		}
	}
	return false
}

// marks is whose vault this is, "" if it does not say.
func marks(sealed []byte) string {
	for line := range strings.Lines(string(sealed[:min(len(sealed), 64<<10)])) {
		if strings.HasPrefix(line, "---") {
			return ""
		}
		if m, ok := strings.CutPrefix(line, "-> "+markType+" "); ok {
			return strings.TrimSpace(m)
		}
	}
	return ""
}
