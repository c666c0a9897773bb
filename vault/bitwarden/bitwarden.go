// Package bitwarden reads the exports of Bitwarden and Vaultwarden, plain and under a
// password.
package bitwarden

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
)

// Bounds of what a password may cost: Bitwarden's own.
const (
	mostIterations = 2_000_000
	mostPasses     = 10
	mostMemory     = 1024 // MiB
	mostThreads    = 16
)

type file struct {
	Encrypted  *bool  `json:"encrypted"`
	Protected  bool   `json:"passwordProtected"`
	Salt       string `json:"salt"`
	KDF        int    `json:"kdfType"` // 0 PBKDF2, 1 Argon2id
	Iterations int    `json:"kdfIterations"`
	Memory     int    `json:"kdfMemory"` // MiB
	Threads    int    `json:"kdfParallelism"`
	Validation string `json:"encKeyValidation_DO_NOT_EDIT"`
	Data       string `json:"data"`
	Items      []item `json:"items"`
}

type item struct {
	Name  string `json:"name"`
	Login *struct {
		Username string `json:"username"`
		TOTP     string `json:"totp"`
	} `json:"login"`
}

// Parse reads an export; password is asked for only where there is need of one. Logins
// without a code are no entries: without counts them. Passwords are not read. An error is
// an otp.Problem, or password's own.
func Parse(b []byte, password func() ([]byte, error)) (all otp.Import, without int, err error) {
	var f file
	if json.Unmarshal(b, &f) != nil || f.Encrypted == nil {
		return all, 0, otp.NotThis
	}
	if *f.Encrypted {
		if !f.Protected {
			return all, 0, otp.AccountBound
		}
		plain, err := f.open(password)
		if err != nil {
			return all, 0, err
		}
		defer clear(plain)
		f = file{}
		if json.Unmarshal(plain, &f) != nil {
			return all, 0, otp.Damaged
		}
	}
	for _, i := range f.Items {
		if i.Login == nil || strings.TrimSpace(i.Login.TOTP) == "" {
			without++
			continue
		}
		a, err := i.account()
		all.Take(a, err)
	}
	return all, without, nil
}

func (i item) account() (a otp.Account, err error) {
	text := strings.TrimSpace(i.Login.TOTP)
	switch lower := strings.ToLower(text); {
	case strings.HasPrefix(lower, otpauth.Scheme):
		a, err = otpauth.Parse(text)
	case strings.HasPrefix(lower, "steam://"):
		err = otp.BadType
	default:
		a.Secret, err = otp.ParseSecret(text)
	}
	if a.Issuer == "" {
		a.Issuer = i.Name
	}
	if a.Name == "" {
		a.Name = i.Login.Username
	}
	return a, err
}

func (f file) open(password func() ([]byte, error)) ([]byte, error) {
	switch f.KDF {
	case 0:
		if f.Iterations < 1 || f.Iterations > mostIterations {
			return nil, otp.Costly
		}
	case 1:
		if f.Iterations < 1 || f.Iterations > mostPasses || f.Memory < 1 || f.Memory > mostMemory || f.Threads < 1 || f.Threads > mostThreads {
			return nil, otp.Costly
		}
	default:
		return nil, otp.NewerFormat
	}
	word, err := password()
	if err != nil {
		return nil, err
	}
	var key []byte
	if f.KDF == 0 {
		key, err = pbkdf2.Key(sha256.New, string(word), []byte(f.Salt), f.Iterations, 32)
		if err != nil {
			return nil, otp.Damaged
		}
	} else {
		salt := sha256.Sum256([]byte(f.Salt))
		key = argon2.IDKey(word, salt[:], uint32(f.Iterations), uint32(f.Memory)<<10, uint8(f.Threads), 32)
	}
	defer clear(key)
	// Of a wrong password not even the validation opens; if only the data does not, they
	// are damaged.
	if _, err := unseal(f.Validation, key); err != nil {
		return nil, err
	}
	plain, err := unseal(f.Data, key)
	if err != nil {
		return nil, otp.Damaged
	}
	return plain, nil
}

// unseal decrypts what Bitwarden calls a cipher string of type 2: AES-256-CBC with
// HMAC-SHA-256, each under a key stretched from one.
func unseal(s string, key []byte) ([]byte, error) {
	rest, ok := strings.CutPrefix(s, "2.")
	fields := strings.Split(rest, "|")
	if !ok || len(fields) != 3 {
		return nil, otp.Damaged
	}
	var parts [3][]byte
	for i, f := range fields {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(f); err != nil {
			return nil, otp.Damaged
		}
	}
	iv, data, sum := parts[0], parts[1], parts[2]
	if len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, otp.Damaged
	}
	enc, err1 := hkdf.Expand(sha256.New, key, "enc", 32)
	auth, err2 := hkdf.Expand(sha256.New, key, "mac", 32)
	if err1 != nil || err2 != nil {
		return nil, otp.Damaged
	}
	defer clear(enc)
	defer clear(auth)
	mac := hmac.New(sha256.New, auth)
	mac.Write(iv)
	mac.Write(data)
	if !hmac.Equal(mac.Sum(nil), sum) {
		return nil, otp.WrongPassword
	}
	block, err := aes.NewCipher(enc)
	if err != nil {
		return nil, otp.Damaged
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	if padding < 1 || padding > aes.BlockSize || padding > len(data) {
		return nil, otp.Damaged
	}
	return data[:len(data)-padding], nil
}
