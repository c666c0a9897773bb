package linktest_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/links/linktest"
)

// TestKinds holds every kind that is registered to the promises.
func TestKinds(t *testing.T) {
	options := map[string]linktest.Options{"ssh": {At: sshAt(t)}, "mailbox": {At: mailboxAt(t)}, "domain": {At: domainAt}}
	for _, k := range links.All() {
		t.Run(k.Name, func(t *testing.T) { linktest.Run(t, k, options[k.Name]) })
	}
}

// sshAt gives links a key that is there, as they do not dial without one.
func sshAt(t *testing.T) func(string) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(address string) string {
		return fmt.Sprintf("address: %s\nuser: u\nkey: file:%s\nhost_key: SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgJZ0pV6aJ0b0oZ3E\n", address, path)
	}
}

// mailboxAt gives links a password, as they do not dial without one.
func mailboxAt(t *testing.T) func(string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("p"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(address string) string {
		return fmt.Sprintf("to: a@example.jp\nsmtp: %s\nimap: %s\nuser: u\npassword: file:%s\ntls: none\n", address, address, path)
	}
}

// domainAt asks a registry of the test's own.
func domainAt(address string) string {
	return "name: example.test\nrdap: http://" + address + "/rdap\n"
}
