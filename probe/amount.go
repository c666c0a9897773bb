package probe

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Amount is so much of something: a share of the whole ("5%"), or a number by
// itself ("500MiB", "1.5G", "20000").
type Amount struct {
	share bool
	value float64 // of 100 if it is a share
}

var errAmount = errors.New("neither a share (5%) nor an amount (500MiB, 20000)")

// ParseAmount reads an amount. Its units are those of sizes elsewhere in a
// configuration: K and KiB are 1,024, KB is 1,000.
func ParseAmount(s string) (Amount, error) {
	s = strings.ReplaceAll(s, " ", "")
	n := strings.IndexFunc(s, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
	if n < 0 {
		n = len(s)
	}
	v, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return Amount{}, errAmount
	}
	unit := strings.ToLower(s[n:])
	if unit == "%" {
		if v > 100 {
			return Amount{}, errAmount
		}
		return Amount{share: true, value: v}, nil
	}
	factor, ok := map[string]float64{
		"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
		"g": 1 << 30, "gib": 1 << 30, "gb": 1e9, "t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	}[unit]
	if !ok || v*factor >= math.MaxInt64 {
		return Amount{}, errAmount
	}
	return Amount{value: v * factor}, nil
}

// Of is the amount in numbers where whole is all that there is.
func (a Amount) Of(whole uint64) uint64 {
	if a.share {
		return uint64(a.value / 100 * float64(whole))
	}
	return uint64(a.value)
}

// Share reports the amount as a share of 100, and whether it is one.
func (a Amount) Share() (percent float64, ok bool) { return a.value, a.share }
