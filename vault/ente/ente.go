// Package ente reads the exports of Ente Auth: plain ones are lists of otpauth:// URIs,
// encrypted ones hold such a list.
package ente

import (
	"encoding/base64"
	"encoding/json"

	"golang.org/x/crypto/argon2"

	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
)

// Bounds of what a password may cost: Ente takes a gibibyte and four passes, or less
// memory and more passes on a small phone.
const (
	mostMemory = 1 << 30 // bytes
	mostPasses = 64
	mostWork   = 16 << 30 // memory times passes
)

type file struct {
	Version int `json:"version"`
	KDF     *struct {
		Memory int64  `json:"memLimit"`
		Passes int64  `json:"opsLimit"`
		Salt   string `json:"salt"`
	} `json:"kdfParams"`
	Data   string `json:"encryptedData"`
	Header string `json:"encryptionNonce"`
}

// Parse reads an encrypted export; a plain one is for otpauth.ParseList. An error is an
// otp.Problem, or password's own.
func Parse(b []byte, password func() ([]byte, error)) (all otp.Import, err error) {
	var f file
	if json.Unmarshal(b, &f) != nil || f.KDF == nil || f.Data == "" {
		return all, otp.NotThis
	}
	if f.Version > 1 {
		return all, otp.NewerFormat
	}
	salt, err1 := base64.StdEncoding.DecodeString(f.KDF.Salt)
	data, err2 := base64.StdEncoding.DecodeString(f.Data)
	header, err3 := base64.StdEncoding.DecodeString(f.Header)
	if err1 != nil || err2 != nil || err3 != nil || len(header) != headerSize || len(salt) != 16 {
		return all, otp.Damaged
	}
	k := f.KDF
	if k.Memory < 8<<10 || k.Memory > mostMemory || k.Passes < 1 || k.Passes > mostPasses || k.Memory*k.Passes > mostWork {
		return all, otp.Costly
	}
	word, err := password()
	if err != nil {
		return all, err
	}
	key := argon2.IDKey(word, salt, uint32(k.Passes), uint32(k.Memory>>10), 1, 32)
	defer clear(key)
	plain, ok := pull(key, header, data)
	if !ok { // or it is damaged: the seal tells no difference
		return all, otp.WrongPassword
	}
	defer clear(plain)
	return otpauth.ParseList(string(plain)), nil
}
