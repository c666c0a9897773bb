// Package google reads and writes Google Authenticator's export: otpauth-migration://
// URIs with a protobuf in them, ten accounts to a QR code, so that an export is several.
package google

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/vault/otp"
)

// Scheme is what each part of an export begins with.
const Scheme = "otpauth-migration://"

const (
	// perCode is how many accounts Google puts into one QR code.
	perCode = 10
	// mostParts bounds the parts of an export: a thousand accounts.
	mostParts = 100
	longest   = 64 << 10 // bytes of one part
)

// Part is what one QR code of an export holds.
type Part struct {
	Accounts otp.Import
	// Size is of how many parts the export is, Index which one this is, from 0.
	Size, Index int
	// Batch is the same in all parts of one export.
	Batch int32
}

// Parse reads one part. An error is an otp.Problem.
func Parse(uri string) (Part, error) {
	if len(uri) > longest {
		return Part{}, otp.Damaged
	}
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil || !strings.EqualFold(u.Scheme, "otpauth-migration") || u.Host != "offline" {
		return Part{}, otp.NotThis
	}
	// A plus sign that was not escaped has become a blank.
	data := strings.ReplaceAll(u.Query().Get("data"), " ", "+")
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		if raw, err = base64.RawStdEncoding.DecodeString(data); err != nil {
			return Part{}, otp.Damaged
		}
	}
	p := Part{Size: 1}
	good := fields(raw, func(f field) bool {
		switch f.number {
		case 1:
			a, err, ok := account(f.bytes)
			if !ok {
				return false
			}
			p.Accounts.Take(a, err)
		case 3:
			p.Size = int(min(f.varint, mostParts+1))
		case 4:
			p.Index = int(min(f.varint, mostParts+1))
		case 5:
			p.Batch = int32(f.varint) // written as a varint of 64 bits where negative
		}
		return true
	})
	if !good || p.Size < 1 || p.Size > mostParts || p.Index >= p.Size {
		return Part{}, otp.Damaged
	}
	return p, nil
}

// account reads one account; ok is false where it is no protobuf, err says why it
// cannot be kept.
func account(b []byte) (a otp.Account, err error, ok bool) {
	fault := func(f otp.Fault) {
		if err == nil {
			err = f
		}
	}
	kind := uint64(0)
	ok = fields(b, func(f field) bool {
		switch f.number {
		case 1:
			a.Secret = append(otp.Secret(nil), f.bytes...)
		case 2:
			a.Name = string(f.bytes)
		case 3:
			a.Issuer = string(f.bytes)
		case 4:
			switch f.varint {
			case 0, 1:
			case 2:
				a.Algorithm = otp.SHA256
			case 3:
				a.Algorithm = otp.SHA512
			default: // 4 is MD5
				fault(otp.BadAlgorithm)
			}
		case 5:
			switch f.varint {
			case 0, 1:
			case 2:
				a.Digits = 8
			default:
				fault(otp.BadDigits)
			}
		case 6:
			kind = f.varint
		case 7:
			a.Counter = f.varint
		}
		return true
	})
	switch kind {
	case 1:
		a.Type = otp.HOTP
	case 0, 2:
	default:
		fault(otp.BadType)
	}
	// The issuer stands before the name too.
	if a.Issuer == "" {
		if issuer, name, found := strings.Cut(a.Name, ":"); found {
			a.Issuer, a.Name = strings.TrimSpace(issuer), strings.TrimSpace(name)
		}
	} else if name, found := strings.CutPrefix(a.Name, a.Issuer+":"); found {
		a.Name = strings.TrimSpace(name)
	}
	return a, err, ok
}

// field is one field of a protobuf message.
type field struct {
	number uint64
	varint uint64
	bytes  []byte
}

// fields calls each with the fields of a message; false if it is none.
func fields(b []byte, each func(field) bool) bool {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return false
		}
		b = b[n:]
		f := field{number: key >> 3}
		switch key & 7 {
		case 0:
			if f.varint, n = binary.Uvarint(b); n <= 0 {
				return false
			}
		case 1:
			n = 8
		case 2:
			size, m := binary.Uvarint(b)
			if m <= 0 || size > uint64(len(b)-m) {
				return false
			}
			f.bytes, n = b[m:m+int(size)], m+int(size)
		case 5:
			n = 4
		default:
			return false
		}
		if n > len(b) || !each(f) {
			return false
		}
		b = b[n:]
	}
	return true
}

// Incomplete is an export of which parts are missing.
type Incomplete struct {
	Missing []int // their indices, from 0
	Size    int
}

func (*Incomplete) Error() string { return "export: parts are missing" }

// Join makes one import of the parts of one export, in whatever order they come and
// however often. It is refused while a part is missing: an Incomplete says which. Parts of
// different exports are a problem of their own, otp.NotThis.
func Join(parts []Part) (all otp.Import, err error) {
	if len(parts) == 0 {
		return all, otp.NotThis
	}
	size := parts[0].Size
	byIndex := make([]*Part, size)
	for i, p := range parts {
		if p.Size != size || p.Batch != parts[0].Batch {
			return all, otp.NotThis
		}
		if other := byIndex[p.Index]; other != nil && !other.is(p) {
			return all, otp.NotThis
		}
		byIndex[p.Index] = &parts[i]
	}
	missing := &Incomplete{Size: size}
	for i, p := range byIndex {
		if p == nil {
			missing.Missing = append(missing.Missing, i)
			continue
		}
		all.Accounts = append(all.Accounts, p.Accounts.Accounts...)
		all.Refused = append(all.Refused, p.Accounts.Refused...)
	}
	if len(missing.Missing) > 0 {
		return otp.Import{}, missing
	}
	return all, nil
}

// is reports whether p and o hold the same: the batch alone does not tell exports apart, as
// not every one has a number.
func (p *Part) is(o Part) bool {
	same := func(a, b otp.Account) bool { return a.Same(b) && a.Issuer == b.Issuer && a.Name == b.Name }
	return slices.EqualFunc(p.Accounts.Accounts, o.Accounts.Accounts, same) && slices.Equal(p.Accounts.Refused, o.Accounts.Refused)
}

// Fits reports whether Google's format can hold the account: it knows no periods, and
// six digits or eight alone.
func Fits(a otp.Account) bool {
	a = a.Whole()
	return a.Digits != 7 && (a.Type == otp.HOTP || a.Period == otp.DefaultPeriod)
}

// Format writes accounts, each of which Fits, as the parts of one export.
func Format(all []otp.Account) (uris []string) {
	size := (len(all) + perCode - 1) / perCode
	batch := rand.Uint64() & 0x7fffffff
	for i := range size {
		var b []byte
		for _, a := range all[i*perCode : min(len(all), (i+1)*perCode)] {
			b = text(b, 1, message(a.Whole()))
		}
		b = number(b, 2, 1)
		b = number(b, 3, uint64(size))
		b = number(b, 4, uint64(i))
		b = number(b, 5, batch)
		uris = append(uris, Scheme+"offline?data="+url.QueryEscape(base64.StdEncoding.EncodeToString(b)))
	}
	return uris
}

func message(a otp.Account) (b []byte) {
	b = text(b, 1, a.Secret)
	b = text(b, 2, []byte(a.Name))
	b = text(b, 3, []byte(a.Issuer))
	b = number(b, 4, map[otp.Algorithm]uint64{otp.SHA1: 1, otp.SHA256: 2, otp.SHA512: 3}[a.Algorithm])
	b = number(b, 5, map[int]uint64{6: 1, 8: 2}[a.Digits])
	if a.Type == otp.HOTP {
		return number(number(b, 6, 1), 7, a.Counter)
	}
	return number(b, 6, 2)
}

func number(b []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3), v)
}

func text(b []byte, field int, v []byte) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}
