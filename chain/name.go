package chain

import "unicode"

// longestName is how many characters a name may have.
const longestName = 64

// ValidName reports whether s can be the name of a thing, a link, a goal, a mend or a
// vantage: letters and digits of any script, and _ . - inside. A regular expression for
// that would cost the guard two megabytes.
func ValidName(s string) bool {
	n := 0
	for _, c := range s {
		inside := n > 0 && (c == '_' || c == '.' || c == '-')
		if !inside && !unicode.IsLetter(c) && !unicode.IsNumber(c) {
			return false
		}
		n++
	}
	return n > 0 && n <= longestName
}
