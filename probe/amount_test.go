package probe

import "testing"

func TestAmount(t *testing.T) {
	for text, want := range map[string]uint64{
		"5%": 50, "0%": 0, "100%": 1000, "2.5 %": 25,
		"500": 500, "1K": 1024, "1kb": 1000, "1 KiB": 1024, "1.5MiB": 3 << 19, "2G": 2 << 30, "7B": 7,
	} {
		a, err := ParseAmount(text)
		if err != nil || a.Of(1000) != want {
			t.Errorf("%s: got %d, %v, want %d", text, a.Of(1000), err, want)
		}
	}
	for _, text := range []string{"", "%", "five", "-1", "101%", "NaN", "Inf", "1KK", "1iB", "1e30", "5%%", "MiB", "1KMiB"} {
		if a, err := ParseAmount(text); err == nil {
			t.Errorf("%q: taken as %+v", text, a)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	f.Add("5%")
	f.Add("1.5GiB")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s)
		if err == nil && a.share && a.Of(1000) > 1000 {
			t.Errorf("%q: %d of 1000", s, a.Of(1000))
		}
	})
}
