package probe

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestPeer(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(t.Context(), "unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := PeerOf(c)
	if p.PID != os.Getpid() || p.State() == "" {
		t.Errorf("who listens is taken for %+v in state %q", p, p.State())
	}
	other := exec.Command("sleep", "60") // a child of another name is no worker
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	if w := p.Workers(); len(w) != 0 {
		t.Errorf("workers %v", w)
	}
	// A later process of the same number is another.
	p.began += "0"
	if p.State() != "" || p.Workers() != nil {
		t.Error("a stranger is taken for it")
	}
	if (Peer{}).State() != "" || (Peer{}).Workers() != nil {
		t.Error("nobody has a state")
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	far, err := Dial(t.Context(), "tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if p := PeerOf(far); p != (Peer{}) {
		t.Errorf("over the network it is taken for %+v", p)
	}
}
