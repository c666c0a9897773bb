package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/web/signin"
)

// mostCertificate is what omamori-certificate may answer, in bytes.
const mostCertificate = 64 << 10

// certificateCommand is `omamori page certificate`: it gets the page's certificate, or renews
// it when it is time. The page reads it by itself.
func (a *App) certificateCommand() *cobra.Command {
	return a.command("certificate", "certificate", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := a.pageSettings()
		if err != nil {
			return err
		}
		if !s.TLS.ACME.On() {
			return usage(chain.Say("certificate.none_wanted"), chain.Say("certificate.none_wanted_hint"))
		}
		r, err := a.certify(cmd.Context(), signin.CertificateJob{Names: s.Names(), ACME: s.TLS.ACME})
		if err != nil {
			return err
		}
		if a.json {
			if err := a.encode(a.Out, r); err != nil {
				return err
			}
			if r.Failed != "" {
				return errBadNews
			}
			return nil
		}
		w := a.style(a.Out)
		switch file := s.TLS.ACME.File; {
		case r.Failed != "":
			why := chain.Say("certificate.failed_"+r.Failed, "detail", r.Detail, "file", file, "server", s.TLS.ACME.DNS.Server, "program", s.TLS.ACME.DNS.Program)
			hint := why
			hint.Key += "_hint"
			fmt.Fprintf(w, "%s %s\n  → %s\n", mark(chain.Broken), wrap(a.lang.Say(why), width(a.Out), 2), wrap(a.lang.Say(hint), width(a.Out), 4))
			if !r.Until.IsZero() {
				fmt.Fprintln(w, a.say("certificate.old_stays", "until", r.Until))
			}
			return errBadNews
		case r.Renewed:
			fmt.Fprintf(w, "%s %s\n", mark(chain.Holds), a.say("certificate.renewed", "file", file, "until", r.Until))
		default:
			fmt.Fprintf(w, "%s %s\n", mark(chain.Holds), a.say("certificate.good", "file", file, "until", r.Until))
		}
		if r.First { // so that its end is foreseen, whatever becomes of the timer
			fmt.Fprintf(w, "\n%s\n\n  page-certificate: {kind: tls, address: %q}\n", a.say("certificate.link"), pageAddress(s))
		}
		return nil
	})
}

// pageAddress is where the page's certificate is shown.
func pageAddress(s *signin.Settings) string {
	port := 443
	if at, err := netip.ParseAddrPort(s.Listen); err == nil {
		port = int(at.Port())
	}
	return net.JoinHostPort(s.Names()[0], strconv.Itoa(port))
}

// pageSettings are the configuration's words on the page. It is read as by one who may
// read no other file that it names: who renews a certificate is not to fail for those.
func (a *App) pageSettings() (*signin.Settings, error) {
	o := config.Options{}
	for _, k := range a.Config.Kinds {
		k.New = func(any, chain.Place) (chain.Prover, error) { return nil, nil }
		o.Kinds = append(o.Kinds, k)
	}
	for _, s := range a.Config.Sections {
		if s.Name != "page" {
			s.Check = nil
		}
		o.Sections = append(o.Sections, s)
	}
	file, err := a.loadedBy(o)
	if err != nil {
		return nil, err
	}
	if s, ok := file.Sections["page"].(*signin.Settings); ok {
		return s, nil
	}
	return signin.Defaults(), nil
}

// certify has a job done by a program of its own.
func (a *App) certify(ctx context.Context, j signin.CertificateJob) (r signin.CertificateResult, err error) {
	in, err := json.Marshal(j)
	if err != nil {
		return r, err
	}
	c := exec.CommandContext(ctx, a.CertificateBinary)
	c.Stdin, c.Stderr = bytes.NewReader(in), a.Err
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } // it takes its record away
	c.WaitDelay = 10 * time.Second
	c.SysProcAttr = linux.EndWithUs(syscall.SIGTERM)
	out, err := c.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := c.Start(); err != nil {
		return r, fmt.Errorf("run %s: %w", a.CertificateBinary, err)
	}
	bad := json.NewDecoder(io.LimitReader(out, mostCertificate)).Decode(&r)
	_, _ = io.Copy(io.Discard, out) // so that it can end; how it ended says the next line
	if err := c.Wait(); err != nil {
		return r, fmt.Errorf("run %s: %w", a.CertificateBinary, err)
	}
	if bad != nil {
		return r, fmt.Errorf("read the answer of %s: %w", a.CertificateBinary, bad)
	}
	return r, nil
}
