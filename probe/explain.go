package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// Broke is the proof of a trial at address that ended in err: broken, unless ctx was
// cancelled, or it is only we who may not connect.
func Broke(ctx context.Context, err error, address string) chain.Proof {
	if Cancelled(ctx) {
		return chain.Untried(CancelledText(), chain.Text{})
	}
	code, because, hint := Explain(err, address)
	if code == "permission" {
		return chain.Untried(because, hint)
	}
	p := chain.Broke(code, because, hint)
	if code == "dns" { // who was asked, and what was said
		p.Evidence = []string{short(err)}
	}
	return p
}

// Explain puts into words why a connection failed. The codes are "timeout", "dns",
// "refused", "no_socket", "permission", "unreachable", "reset", "closed", "busy",
// "tls" and "failed".
func Explain(err error, address string) (cause string, because, hint chain.Text) {
	say := func(cause string) (string, chain.Text, chain.Text) {
		return cause, chain.Say("probe."+cause, "address", address), chain.Say("probe."+cause+"_hint", "address", address)
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "dns", chain.Say("probe.dns", "name", dns.Name), chain.Say("probe.dns_hint", "name", dns.Name)
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err), errors.Is(err, os.ErrDeadlineExceeded):
		return say("timeout")
	case errors.Is(err, fs.ErrNotExist):
		return say("no_socket")
	case errors.Is(err, fs.ErrPermission):
		return say("permission")
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("refused")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return say("unreachable")
	case errors.Is(err, syscall.EAGAIN): // a Unix socket whose queue is full
		return say("busy")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return say("reset")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return say("closed")
	case isTLS(err):
		return "tls", chain.Say("probe.tls", "address", address, "error", short(err)), chain.Say("probe.tls_hint", "address", address)
	}
	return "failed", chain.Say("probe.failed", "address", address, "error", short(err)), chain.Say("probe.failed_hint", "address", address)
}

func isTLS(err error) bool {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		cert   *tls.CertificateVerificationError
		name   x509.HostnameError
	)
	if errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &cert) || errors.As(err, &name) {
		return true
	}
	// Most of what crypto/tls complains of has no type of its own.
	return err != nil && strings.Contains(err.Error(), "tls: ")
}

func short(err error) string {
	if err == nil {
		return ""
	}
	return Quote([]byte(err.Error()))
}
