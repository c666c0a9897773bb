package vault

import (
	"strconv"
	"strings"
	"unicode"
)

func decimal(n int) string { return strconv.Itoa(n) }

// slug makes one short word, easy to type, of a name: "Amazon Web Services" becomes
// "amazon-web-services". Letters of any script stay.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
