package keyage

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

const day = 24 * time.Hour

// certificate is an SSH certificate, as text, that is good until a moment.
func certificate(t *testing.T, until uint64) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	c := &ssh.Certificate{Key: key, CertType: ssh.UserCert, ValidBefore: until}
	if err := c.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	return ssh.MarshalAuthorizedKey(c)
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte, age time.Duration) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	now := time.Now()
	ago := func(days int) string { return now.AddDate(0, 0, -days).Format(time.DateOnly) }
	for name, c := range map[string]struct {
		key   key
		want  chain.Verdict
		cause string
		ends  time.Duration
	}{
		"young":            {key{Made: ago(10)}, chain.Holds, "", 355 * day},
		"old":              {key{Made: ago(400)}, chain.Broken, "too_old", -35 * day},
		"its own age":      {key{Made: ago(10), Max: 7 * day}, chain.Broken, "too_old", -3 * day},
		"a token":          {key{Ends: ago(-20)}, chain.Holds, "", 20 * day},
		"a token over":     {key{Ends: ago(2)}, chain.Broken, "expired", -2 * day},
		"file":             {key{File: write("id", []byte("PRIVATE"), 100*day)}, chain.Holds, "", 265 * day},
		"old file":         {key{File: write("old", []byte("PRIVATE"), 500*day)}, chain.Broken, "too_old", -135 * day},
		"certificate":      {key{File: write("cert", certificate(t, uint64(now.Add(9*day).Unix())), 500*day)}, chain.Holds, "", 9 * day},
		"certificate over": {key{File: write("over", certificate(t, uint64(now.Add(-9*day).Unix())), day)}, chain.Broken, "expired", -9 * day},
		"for ever":         {key{File: write("ever", certificate(t, ssh.CertTimeInfinity), 10*day)}, chain.Holds, "", 355 * day},
		"gone":             {key{File: filepath.Join(dir, "none")}, chain.Broken, "missing", 0},
		"a folder":         {key{File: dir}, chain.Unproven, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := build(settings{Max: 365 * day, Keys: map[string]key{"k": c.key}}, chain.Place{Link: "keys"})
			if err != nil {
				t.Fatal(err)
			}
			proof := probetest.Prove(p, 10*time.Second)
			probetest.Expect(t, proof, c.want, c.cause)
			if c.ends == 0 {
				return
			}
			if len(proof.Ends) != 1 || (proof.Ends[0].At.Sub(now)-c.ends).Abs() > 2*day {
				t.Errorf("ends %+v, want in %v", proof.Ends, c.ends)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	for name, s := range map[string]settings{
		"none": {Max: day}, "no date": {Max: day, Keys: map[string]key{"k": {}}}, "path": {Max: day, Keys: map[string]key{"k": {File: "id"}}},
		"day": {Max: day, Keys: map[string]key{"k": {Made: "x"}}}, "age": {Keys: map[string]key{"k": {Made: "2026-01-01"}}},
	} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzEnd(f *testing.F) {
	f.Add([]byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxBGZLnVcvBTmXmrkVRXSfNtyEVwMzmMtPyCPGMDKZ5 a"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _ = endOf(b) })
}
