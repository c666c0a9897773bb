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

// ParseAmount reads an amount. Its units are binary, whether written K, KB or KiB.
func ParseAmount(s string) (Amount, error) {
	s = strings.TrimSpace(s)
	number, share := strings.CutSuffix(s, "%")
	factor := 1.0
	if !share {
		number = strings.TrimRight(s, "KMGTPEiBkmgtpeb")
		var ok bool
		if factor, ok = unitOf(strings.ToUpper(s[len(number):])); !ok {
			return Amount{}, errAmount
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(v) || v < 0 || v*factor >= 1<<63 || share && v > 100 {
		return Amount{}, errAmount
	}
	return Amount{share: share, value: v * factor}, nil
}

func unitOf(unit string) (factor float64, ok bool) {
	if unit == "" || unit == "B" {
		return 1, true
	}
	power := strings.IndexByte("KMGTPE", unit[0]) + 1
	rest := unit[1:]
	return math.Pow(1024, float64(power)), power > 0 && (rest == "" || rest == "B" || rest == "IB")
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
