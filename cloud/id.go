package cloud

import "strings"

// IsID reports whether s is an id of AWS's with one of the prefixes, such as "sg".
func IsID(s string, prefixes ...string) bool {
	prefix, digits, _ := strings.Cut(s, "-")
	for _, p := range prefixes {
		if p == prefix && len(digits) >= 8 && len(digits) <= 17 && strings.Trim(digits, "0123456789abcdef") == "" {
			return true
		}
	}
	return false
}

// IsInstance reports whether s names an instance: by its id, or "self".
func IsInstance(s string) bool { return s == "self" || IsID(s, "i") }

// IsDevice reports whether s is the serial number of an MFA device: the ARN of a virtual
// one, or what is printed on a piece of hardware.
func IsDevice(s string) bool {
	return len(s) >= 9 && len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// IsCode reports whether s is what an MFA device shows: six digits.
func IsCode(s string) bool { return len(s) == 6 && strings.Trim(s, "0123456789") == "" }
