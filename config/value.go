package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

var errValue = errors.New("not understood")

// maxDuration is the longest time that can be meant: ten years.
const maxDuration = 3660 * 24 * time.Hour

// ParseDuration reads a time as people write it: "30s", "1h30m", "7d", "2w",
// "500ms". It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.ReplaceAll(s, " ", "")
	if rest == "0" {
		return 0, nil
	}
	var sum float64
	for rest != "" {
		n := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
		if n <= 0 {
			return 0, errValue
		}
		number, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, errValue
		}
		rest = rest[n:]
		m := strings.IndexFunc(rest, func(c rune) bool { return c == '.' || c >= '0' && c <= '9' })
		if m < 0 {
			m = len(rest)
		}
		unit, ok := map[string]time.Duration{
			"ns": 1, "us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
			"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
		}[rest[:m]]
		if !ok {
			return 0, errValue
		}
		sum += number * float64(unit)
		rest = rest[m:]
	}
	if s == "" || sum > float64(maxDuration) {
		return 0, errValue
	}
	return time.Duration(math.Round(sum)), nil
}

// ParseSize reads a number of bytes: "512", "64KiB", "1.5GiB", "2GB". K, M, G and T
// alone count in 1,024s, as memory is sold.
func ParseSize(s string) (chain.Size, error) {
	s = strings.ReplaceAll(s, " ", "")
	n := strings.IndexFunc(s, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
	if n < 0 {
		n = len(s)
	}
	number, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return 0, errValue
	}
	unit, ok := map[string]float64{
		"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
		"g": 1 << 30, "gib": 1 << 30, "gb": 1e9, "t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	}[strings.ToLower(s[n:])]
	if !ok || number*unit >= math.MaxInt64 {
		return 0, errValue
	}
	return chain.Size(number * unit), nil
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "true", "on":
		return true, nil
	case "no", "false", "off":
		return false, nil
	}
	return false, errValue
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, errValue
	}
	return f, nil
}

func parseSecret(s string) (_ chain.Secret, ok bool) {
	where, name, _ := strings.Cut(s, ":")
	return chain.Secret(s), name != "" && (where == "file" || where == "env" || where == "credential")
}
