package otp

import "encoding/json"

// Import is what was read of an export: each of its entries is in exactly one of the
// two lists.
type Import struct {
	// Accounts are those that can be kept.
	Accounts []Account
	// Refused are those that cannot, by name.
	Refused []Refused
}

// Refused is an entry that cannot be kept.
type Refused struct {
	Title string // without what cannot be shown
	Fault Fault
}

// In is how many entries the export had.
func (i Import) In() int { return len(i.Accounts) + len(i.Refused) }

// Take puts an entry into one of the lists. An err keeps it out, besides what Check
// finds.
func (i *Import) Take(a Account, err error) {
	if err == nil {
		a = a.Whole()
		err = a.Check()
	}
	if err == nil {
		i.Accounts = append(i.Accounts, a)
		return
	}
	fault, ok := err.(Fault)
	if !ok {
		fault = Malformed
	}
	i.Refused = append(i.Refused, Refused{shown(a.Title()), fault})
}

// shown makes a name of a stranger's fit to be shown.
func shown(s string) string {
	if named(s) {
		return s
	}
	b, _ := json.Marshal(s[:min(len(s), MaxName)]) // a string cannot fail
	return string(b)
}

// ParseAlgorithm reads a hash function as exports write it; "" is SHA-1.
func ParseAlgorithm(s string) (Algorithm, error) {
	switch s {
	case "", "SHA1", "sha1", "SHA-1", "HMAC-SHA-1", "HmacSHA1":
		return SHA1, nil
	case "SHA256", "sha256", "SHA-256", "HmacSHA256":
		return SHA256, nil
	case "SHA512", "sha512", "SHA-512", "HmacSHA512":
		return SHA512, nil
	}
	return 0, BadAlgorithm
}

func (g Algorithm) String() string {
	switch g {
	case SHA256:
		return "SHA256"
	case SHA512:
		return "SHA512"
	}
	return "SHA1"
}
