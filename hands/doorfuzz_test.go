package hands

import "testing"

// The record was written by us, and torn by whatever happened.
func FuzzDoorRecords(f *testing.F) {
	f.Add([]byte(`{"seq":1,"what":"lease","lease":{"id":"0123456789abcdef"},"lasts":1}` + "\n" + `{"seq":`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var last int64
		all := parseRecords(b)
		for _, r := range all {
			if r.Seq <= last {
				t.Errorf("record %d after %d", r.Seq, last)
			}
			last = r.Seq
		}
		openingsOf(remembered(all, "", 0), 0)
	})
}
