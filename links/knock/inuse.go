package knock

import (
	"bufio"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mostConnections bounds how many lines of the kernel's table are looked at.
const mostConnections = 100_000

// inUse reports whether somebody on this machine is connected to a port: then a lease of
// theirs, for the same address, may keep it open. Where that cannot be seen, nobody is.
func inUse(to netip.AddrPort) bool {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue // another system
		}
		found := connected(f, to)
		_ = f.Close()
		if found {
			return true
		}
	}
	return false
}

// connected looks for an established connection in the form of Linux's /proc/net/tcp.
func connected(table io.Reader, to netip.AddrPort) bool {
	const remote, state, established = 2, 3, "01"
	lines := bufio.NewScanner(table)
	for n := 0; n < mostConnections && lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		if len(f) > state && f[state] == established && parseRemote(f[remote]) == to {
			return true
		}
	}
	return false
}

// parseRemote reads an address and port: each four bytes as this machine's words lie in
// memory, which is backwards wherever omamori runs.
func parseRemote(s string) netip.AddrPort {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n))
}
