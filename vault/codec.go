package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// version is that of what stands in a sealed vault. A newer one is refused: what this
// program does not know it would lose.
const version = 1

// document is a vault in plain: the only place where secrets stand readable.
type document struct {
	Version    int                 `json:"omamori_vault"`
	Self       string              `json:"self"`
	Next       []string            `json:"next,omitempty"`
	Recipients []recipientDocument `json:"recipients,omitempty"`
	Entries    []entryDocument     `json:"entries"`
}

type recipientDocument struct {
	Key     string    `json:"key"`
	Label   string    `json:"label,omitempty"`
	Added   time.Time `json:"added"`
	Changed time.Time `json:"changed"`
	Removed bool      `json:"removed,omitempty"`
}

type entryDocument struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Issuer    string    `json:"issuer,omitempty"`
	Account   string    `json:"account,omitempty"`
	Type      string    `json:"type"` // totp, hotp, key, deleted
	Algorithm string    `json:"algorithm,omitempty"`
	Digits    int       `json:"digits,omitempty"`
	Period    int64     `json:"period,omitempty"` // seconds
	Counter   uint64    `json:"counter,omitempty"`
	Secret    []byte    `json:"secret,omitempty"`
	Added     time.Time `json:"added"`
	Changed   time.Time `json:"changed"`
	Edit      string    `json:"edit"`
	Before    []string  `json:"before,omitempty"`
}

// encode writes v in plain.
func encode(v *Vault) ([]byte, error) {
	d := document{Version: version, Self: v.self, Next: v.next, Entries: []entryDocument{}}
	for _, r := range v.recipients {
		d.Recipients = append(d.Recipients, recipientDocument{r.Key, r.Label, r.Added, r.changed, r.removed})
	}
	for _, e := range v.entries {
		t := entryDocument{
			ID: e.ID, Name: e.Name, Issuer: e.Issuer, Account: e.Account.Name, Type: "totp",
			Added: e.Added, Changed: e.Changed, Edit: e.history.edit, Before: e.history.before,
		}
		switch {
		case e.deleted:
			t.Type = "deleted"
		case e.IsKey():
			t.Type, t.Secret = "key", e.Key
		default:
			a := e.Account.Whole()
			t.Algorithm, t.Digits, t.Period = a.Algorithm.String(), a.Digits, int64(a.Period/time.Second)
			t.Counter, t.Secret = a.Counter, a.Secret
			if a.Type == otp.HOTP {
				t.Type = "hotp"
			}
		}
		d.Entries = append(d.Entries, t)
	}
	return json.Marshal(d)
}

var errForm = errors.New("not what a vault holds")

// decode reads what encode wrote. Errors never quote it.
func decode(b []byte) (*Vault, error) {
	var v struct {
		Version int `json:"omamori_vault"`
	}
	if json.Unmarshal(b, &v) != nil || v.Version < 1 {
		return nil, &Fault{Code: Damaged, Err: errForm}
	}
	if v.Version > version {
		return nil, &Fault{Code: Newer}
	}
	var d document
	j := json.NewDecoder(bytes.NewReader(b))
	j.DisallowUnknownFields()
	if j.Decode(&d) != nil {
		return nil, &Fault{Code: Damaged, Err: errForm}
	}
	if _, err := j.Token(); !errors.Is(err, io.EOF) {
		return nil, &Fault{Code: Damaged, Err: errForm}
	}
	out := &Vault{self: d.Self, next: d.Next}
	for _, r := range d.Recipients {
		out.recipients = append(out.recipients, Recipient{r.Key, r.Label, r.Added, r.Changed, r.Removed})
	}
	seen := map[string]bool{}
	for i, t := range d.Entries {
		e, err := t.entry()
		if err != nil || seen[e.ID] {
			return nil, &Fault{Code: Damaged, Err: fmt.Errorf("entry %d: %w", i+1, errForm)}
		}
		seen[e.ID] = true
		out.entries = append(out.entries, e)
	}
	return out, nil
}

func (t entryDocument) entry() (Entry, error) {
	e := Entry{
		ID: t.ID, Name: t.Name, Added: t.Added, Changed: t.Changed, history: history{t.Edit, t.Before},
		Account: otp.Account{Issuer: t.Issuer, Name: t.Account},
	}
	if len(t.ID) != 32 || t.Edit == "" {
		return e, errForm
	}
	switch t.Type {
	case "deleted":
		e.deleted = true
		return e, nil
	case "key":
		e.Key = t.Secret
		if len(e.Key) == 0 {
			return e, errForm
		}
		return e, nil
	case "hotp":
		e.Type = otp.HOTP
	case "totp":
	default:
		return e, errForm
	}
	var err error
	if e.Algorithm, err = otp.ParseAlgorithm(t.Algorithm); err != nil {
		return e, err
	}
	if t.Period < 0 || t.Period > int64(otp.MaxPeriod/time.Second) {
		return e, errForm
	}
	e.Secret, e.Digits, e.Period, e.Counter = t.Secret, t.Digits, time.Duration(t.Period)*time.Second, t.Counter
	return e, e.Check()
}
