// Package twofas reads the backups of 2FAS, plain and encrypted.
package twofas

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// iterations is what 2FAS takes; its backups do not say.
const iterations = 10_000

type file struct {
	Schema    int       `json:"schemaVersion"`
	Services  []service `json:"services"`
	Encrypted string    `json:"servicesEncrypted"`
}

type service struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	OTP    struct {
		Label     string  `json:"label"`
		Account   string  `json:"account"`
		Issuer    string  `json:"issuer"`
		Digits    *int    `json:"digits"`
		Period    *int64  `json:"period"`
		Algorithm string  `json:"algorithm"`
		Counter   *uint64 `json:"counter"`
		Type      string  `json:"tokenType"`
	} `json:"otp"`
}

// Parse reads a backup; password is asked for only where there is need of one. An error
// is an otp.Problem, or password's own.
func Parse(b []byte, password func() ([]byte, error)) (all otp.Import, err error) {
	var f file
	if json.Unmarshal(b, &f) != nil || f.Schema == 0 {
		return all, otp.NotThis
	}
	if f.Schema > 4 {
		return all, otp.NewerFormat
	}
	if f.Encrypted != "" {
		plain, err := open(f.Encrypted, password)
		if err != nil {
			return all, err
		}
		defer clear(plain)
		if json.Unmarshal(plain, &f.Services) != nil {
			return all, otp.Damaged
		}
	}
	for _, s := range f.Services {
		a, err := s.account()
		all.Take(a, err)
	}
	return all, nil
}

func (s service) account() (a otp.Account, err error) {
	a.Issuer, a.Name = s.OTP.Issuer, s.OTP.Account
	if a.Issuer == "" {
		a.Issuer = s.Name
	}
	if a.Name == "" {
		a.Name = s.OTP.Label
	}
	switch strings.ToUpper(s.OTP.Type) {
	case "", "TOTP":
	case "HOTP":
		a.Type = otp.HOTP
	default: // STEAM
		return a, otp.BadType
	}
	if a.Secret, err = otp.ParseSecret(s.Secret); err != nil {
		return a, err
	}
	if a.Algorithm, err = otp.ParseAlgorithm(strings.ToUpper(s.OTP.Algorithm)); err != nil {
		return a, err
	}
	if s.OTP.Digits != nil {
		if a.Digits = *s.OTP.Digits; a.Digits == 0 {
			return a, otp.BadDigits
		}
	}
	if s.OTP.Period != nil && a.Type == otp.TOTP {
		if *s.OTP.Period < 1 || *s.OTP.Period > int64(otp.MaxPeriod/time.Second) {
			return a, otp.BadPeriod
		}
		a.Period = time.Duration(*s.OTP.Period) * time.Second
	}
	if s.OTP.Counter != nil && a.Type == otp.HOTP {
		a.Counter = *s.OTP.Counter
	}
	return a, nil
}

// open decrypts the services: base64 of AES-256-GCM, of its salt and of its nonce, with
// colons between.
func open(sealed string, password func() ([]byte, error)) ([]byte, error) {
	var parts [3][]byte
	fields := strings.Split(sealed, ":")
	if len(fields) != len(parts) {
		return nil, otp.Damaged
	}
	for i, f := range fields {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(f); err != nil {
			return nil, otp.Damaged
		}
	}
	data, salt, nonce := parts[0], parts[1], parts[2]
	if len(nonce) != 12 || len(data) < 16 {
		return nil, otp.Damaged
	}
	word, err := password()
	if err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(sha256.New, string(word), salt, iterations, 32)
	if err != nil {
		return nil, otp.Damaged
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, otp.Damaged
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, otp.Damaged
	}
	plain, err := gcm.Open(nil, nonce, data, nil)
	if err != nil { // or it is damaged: AES-GCM tells no difference
		return nil, otp.WrongPassword
	}
	return plain, nil
}
