package knock

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	doorknock "github.com/omamori-guard/omamori/door/knock"
)

// A port that is still open after a trial's lease is the door's fault, unless somebody else
// on this machine is in: his own lease, for the same address, keeps it open.
func TestSomebodyElseIsIn(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	to := netip.MustParseAddrPort(l.Addr().String())
	over := doorknock.Answer{Until: time.Now().Add(-time.Hour)}
	link := &link{}
	if p := link.ends(t.Context(), to, over, 0); p.Cause != "lease_stays" {
		t.Errorf("%+v", p)
	}
	mine, err := net.Dial("tcp4", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if p := link.ends(t.Context(), to, over, 0); p.Because.Key != "knock.in_use" || p.Verdict.String() != "unproven" {
		t.Errorf("%+v", p)
	}
}

func TestConnected(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0A7100CB:B2C4 820200C0:0016 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 0A7100CB:B2C6 830200C0:0016 06 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: 0000000000000000FFFF00000100007F:B2C8 0000000000000000FFFF0000840200C0:0016 01 0 0 0 0 0 0 4 1 0
   4: B80D0120000000000000000001000000:B2C8 B80D0120000000000000000002000000:0016 01 0 0 0 0 0 0 5 1 0
   5: x 8202:16 01
`
	for to, want := range map[string]bool{
		"192.0.2.130:22": true, "192.0.2.130:23": false, "192.0.2.131:22": false, "192.0.2.132:22": true, "[2001:db8::2]:22": true, "[2001:db8::1]:22": false,
	} {
		if got := connected(strings.NewReader(table), netip.MustParseAddrPort(to)); got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
}
