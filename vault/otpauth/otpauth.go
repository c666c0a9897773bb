// Package otpauth reads and writes otpauth:// URIs, in which most QR codes carry an account.
package otpauth

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// Scheme is what every such URI begins with.
const Scheme = "otpauth://"

// longest is how long a URI may be, in bytes.
const longest = 8 << 10

// Parse reads one URI. What it could read of it is returned even with an error, so that
// the entry can be named. Errors are of the type otp.Fault and never quote the URI.
func Parse(uri string) (otp.Account, error) {
	var a otp.Account
	if len(uri) > longest {
		return a, otp.Malformed
	}
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil || !strings.EqualFold(u.Scheme, "otpauth") {
		return a, otp.Malformed
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, otp.Malformed
	}
	label := strings.TrimPrefix(u.Path, "/")
	if issuer, name, ok := strings.Cut(label, ":"); ok {
		a.Issuer, a.Name = strings.TrimSpace(issuer), strings.TrimSpace(name)
	} else {
		a.Name = strings.TrimSpace(label)
	}
	if issuer := strings.TrimSpace(q.Get("issuer")); issuer != "" {
		a.Issuer = issuer
	}
	switch strings.ToLower(u.Host) {
	case "totp":
	case "hotp":
		a.Type = otp.HOTP
	default:
		return a, otp.BadType
	}
	if a.Secret, err = otp.ParseSecret(q.Get("secret")); err != nil {
		return a, err
	}
	if a.Algorithm, err = otp.ParseAlgorithm(strings.ToUpper(q.Get("algorithm"))); err != nil {
		return a, err
	}
	if v := q.Get("digits"); v != "" {
		if a.Digits, err = strconv.Atoi(v); err != nil || a.Digits == 0 {
			return a, otp.BadDigits
		}
	}
	if v := q.Get("period"); v != "" && a.Type == otp.TOTP {
		seconds, err := strconv.ParseUint(v, 10, 31)
		if err != nil || seconds == 0 {
			return a, otp.BadPeriod
		}
		a.Period = time.Duration(seconds) * time.Second
	}
	if v := q.Get("counter"); v != "" && a.Type == otp.HOTP {
		if a.Counter, err = strconv.ParseUint(v, 10, 64); err != nil {
			return a, otp.BadCounter
		}
	}
	return a, a.Check()
}

// Format writes a as a URI. Every app understands it: what is usual is left out.
func Format(a otp.Account) string {
	a = a.Whole()
	kind := "totp"
	if a.Type == otp.HOTP {
		kind = "hotp"
	}
	label := escape(a.Name)
	if a.Issuer != "" {
		label = escape(a.Issuer) + ":" + label
	}
	q := "secret=" + a.Secret.Base32()
	if a.Issuer != "" {
		q += "&issuer=" + escape(a.Issuer)
	}
	if a.Algorithm != otp.SHA1 {
		q += "&algorithm=" + a.Algorithm.String()
	}
	if a.Digits != otp.DefaultDigits {
		q += "&digits=" + strconv.Itoa(a.Digits)
	}
	if a.Type == otp.HOTP {
		q += "&counter=" + strconv.FormatUint(a.Counter, 10)
	} else if a.Period != otp.DefaultPeriod {
		q += "&period=" + strconv.FormatInt(int64(a.Period/time.Second), 10)
	}
	return Scheme + kind + "/" + label + "?" + q
}

// escape writes a blank as %20: some apps show the plus sign of a query as it is.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// ParseList reads a text with a URI on each line. Other lines are entries that cannot
// be kept; blank ones are none.
func ParseList(text string) (all otp.Import) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		a, err := Parse(line)
		all.Take(a, err)
	}
	return all
}
