// Package aegis reads the exports of Aegis Authenticator, plain and encrypted, and writes
// plain ones.
package aegis

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/crypto/scrypt"

	"github.com/omamori-guard/omamori/vault/otp"
)

// Bounds of what a password may cost here: Aegis itself takes 32 MiB.
const (
	mostMemory = 512 << 20
	mostSlots  = 16
)

type file struct {
	Version int             `json:"version"`
	Header  header          `json:"header"`
	DB      json.RawMessage `json:"db"` // an object, or base64 in an encrypted one
}

type header struct {
	Slots  []slot  `json:"slots"`
	Params *params `json:"params"`
}

type slot struct {
	Type   int    `json:"type"` // 1 is a password
	Key    string `json:"key"`
	Params params `json:"key_params"`
	N      int    `json:"n"`
	R      int    `json:"r"`
	P      int    `json:"p"`
	Salt   string `json:"salt"`
}

type params struct {
	Nonce string `json:"nonce"`
	Tag   string `json:"tag"`
}

type db struct {
	Version int     `json:"version"`
	Entries []entry `json:"entries"`
}

type entry struct {
	Type   string `json:"type"`
	UUID   string `json:"uuid,omitempty"`
	Name   string `json:"name"`
	Issuer string `json:"issuer"`
	Note   string `json:"note"`
	Info   info   `json:"info"`
}

type info struct {
	Secret  string  `json:"secret"`
	Algo    string  `json:"algo"`
	Digits  int     `json:"digits"`
	Period  int64   `json:"period,omitempty"`
	Counter *uint64 `json:"counter,omitempty"`
}

// Parse reads an export; password is asked for only where there is need of one. An error
// is an otp.Problem, or password's own.
func Parse(b []byte, password func() ([]byte, error)) (all otp.Import, err error) {
	var f file
	if json.Unmarshal(b, &f) != nil || f.DB == nil || f.Version == 0 {
		return all, otp.NotThis
	}
	if f.Version > 1 {
		return all, otp.NewerFormat
	}
	plain := []byte(f.DB)
	if f.Header.Params != nil {
		if plain, err = f.open(password); err != nil {
			return all, err
		}
		defer clear(plain)
	}
	var d db
	if json.Unmarshal(plain, &d) != nil || d.Version == 0 {
		return all, otp.Damaged
	}
	if d.Version > 3 {
		return all, otp.NewerFormat
	}
	for _, e := range d.Entries {
		a, err := e.account()
		all.Take(a, err)
	}
	return all, nil
}

func (e entry) account() (a otp.Account, err error) {
	a.Issuer, a.Name = e.Issuer, e.Name
	switch e.Type {
	case "totp":
	case "hotp":
		a.Type = otp.HOTP
	default: // steam, motp, yandex
		return a, otp.BadType
	}
	if a.Secret, err = otp.ParseSecret(e.Info.Secret); err != nil {
		return a, err
	}
	if a.Algorithm, err = otp.ParseAlgorithm(e.Info.Algo); err != nil {
		return a, err
	}
	if a.Digits = e.Info.Digits; a.Digits == 0 {
		return a, otp.BadDigits
	}
	if a.Type == otp.TOTP {
		if e.Info.Period < 1 || e.Info.Period > int64(otp.MaxPeriod/time.Second) {
			return a, otp.BadPeriod
		}
		a.Period = time.Duration(e.Info.Period) * time.Second
	} else if e.Info.Counter != nil {
		a.Counter = *e.Info.Counter
	}
	return a, nil
}

// open decrypts the database with the first slot that the password opens.
func (f file) open(password func() ([]byte, error)) ([]byte, error) {
	var text string
	if json.Unmarshal(f.DB, &text) != nil {
		return nil, otp.Damaged
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, otp.Damaged
	}
	var slots []slot
	for _, s := range f.Header.Slots {
		if s.Type == 1 && len(slots) < mostSlots {
			slots = append(slots, s)
		}
	}
	if len(slots) == 0 { // by fingerprint alone: the phone keeps that key
		return nil, otp.AccountBound
	}
	for _, s := range slots {
		if s.N < 2 || s.N > 1<<22 || s.R < 1 || s.R > 64 || s.P < 1 || s.P > 16 || 128*s.N*s.R > mostMemory {
			return nil, otp.Costly
		}
	}
	word, err := password()
	if err != nil {
		return nil, err
	}
	for _, s := range slots {
		salt, err := hex.DecodeString(s.Salt)
		if err != nil {
			return nil, otp.Damaged
		}
		under, err := scrypt.Key(word, salt, s.N, s.R, s.P, 32)
		if err != nil {
			return nil, otp.Damaged
		}
		sealedKey, err := hex.DecodeString(s.Key)
		if err != nil {
			return nil, otp.Damaged
		}
		key, err := unseal(under, s.Params, sealedKey)
		clear(under)
		switch {
		case errors.Is(err, otp.WrongPassword):
			continue
		case err != nil:
			return nil, err
		}
		plain, err := unseal(key, *f.Header.Params, sealed)
		clear(key)
		if err != nil { // the key was right
			return nil, otp.Damaged
		}
		return plain, nil
	}
	return nil, otp.WrongPassword
}

// unseal decrypts AES-256-GCM as Aegis writes it, with the tag apart.
func unseal(key []byte, p params, sealed []byte) ([]byte, error) {
	nonce, err1 := hex.DecodeString(p.Nonce)
	tag, err2 := hex.DecodeString(p.Tag)
	if err1 != nil || err2 != nil || len(nonce) != 12 || len(tag) != 16 || len(key) != 32 {
		return nil, otp.Damaged
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, otp.Damaged
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, otp.Damaged
	}
	plain, err := gcm.Open(nil, nonce, append(append([]byte(nil), sealed...), tag...), nil)
	if err != nil {
		return nil, otp.WrongPassword
	}
	return plain, nil
}

// Format writes accounts as a plain export, which Aegis imports. It holds the secrets
// readable.
func Format(all []otp.Account) ([]byte, error) {
	d := db{Version: 3, Entries: []entry{}}
	for _, a := range all {
		a = a.Whole()
		e := entry{Type: "totp", Name: a.Name, Issuer: a.Issuer, Info: info{Secret: a.Secret.Base32(), Algo: a.Algorithm.String(), Digits: a.Digits}}
		if a.Type == otp.HOTP {
			e.Type, e.Info.Counter = "hotp", &a.Counter
		} else {
			e.Info.Period = int64(a.Period / time.Second)
		}
		d.Entries = append(d.Entries, e)
	}
	b, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(map[string]any{
		"version": 1, "header": map[string]any{"slots": nil, "params": nil}, "db": json.RawMessage(b),
	}, "", "  ")
}
