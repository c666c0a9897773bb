package fixedaddress

import (
	"encoding/json"
	"net/netip"
	"strings"
)

// parseEcho finds the address in an answer: by itself, as the "ip" or "origin" of a
// JSON object, or on a line ip=… among others.
func parseEcho(b []byte) (netip.Addr, bool) {
	text := strings.TrimSpace(string(b))
	if strings.HasPrefix(text, "{") {
		var o struct {
			IP     string `json:"ip"`
			Origin string `json:"origin"`
		}
		if json.Unmarshal(b, &o) != nil {
			return netip.Addr{}, false
		}
		if text = o.IP; text == "" {
			text = o.Origin
		}
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "ip="); ok {
			text = value
		}
	}
	a, err := netip.ParseAddr(text)
	return a.Unmap(), err == nil && a.Zone() == ""
}
