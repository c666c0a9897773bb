package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/vault"
)

func contextWithin(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

func needProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}

// The age program of Debian opens a vault by itself: by its own identity, by an age key
// and by an SSH key.
func TestAgeProgramOpensIt(t *testing.T) {
	program := needProgram(t, "age")
	s, id := newStore(t)
	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public, private := sshKey(t)
	err = s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
		if _, err := v.Add(account(1), nil, "", noon); err != nil {
			return err
		}
		if err := v.SealTo(public, "", noon); err != nil {
			return err
		}
		return v.SealTo(key.Recipient().String(), "laptop", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"own": []byte(id.String() + "\n"), "key": []byte(key.String() + "\n"), "ssh": private} {
		path := filepath.Join(dir, "given-"+name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-d", "-i", path, filepath.Join(s.Dir, "vault.age")).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		var doc struct {
			Entries []struct {
				Secret []byte
			}
		}
		if err := json.Unmarshal(out, &doc); err != nil || len(doc.Entries) != 1 || !bytes.Equal(doc.Entries[0].Secret, secret(1)) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	// And this program opens it by the SSH key.
	ssh, err := agessh.ParseIdentity(private)
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(t, s, ssh).Recipients(); len(got) != 2 || got[0].Label != "owner@laptop" {
		t.Errorf("%+v", got)
	}
	_, other := sshKey(t)
	wrong, err := agessh.ParseIdentity(other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(wrong)
	is(t, err, vault.OtherKey)
}

func sshKey(t *testing.T) (public string, private []byte) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(p))) + " owner@laptop", pem.EncodeToMemory(block)
}

// TestPlugin seals to a plug-in, as a YubiKey has one: here a program of this test that
// keeps to age's protocol with a key of its own.
func TestPlugin(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nVAULT_PLUGIN=1 exec " + self + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "age-plugin-omamoritest"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	s, id := newStore(t)
	err = s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
		if _, err := v.Add(account(1), nil, "", noon); err != nil {
			return err
		}
		return v.SealTo(plugin.EncodeRecipient("omamoritest", nil), "yubikey", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	by, err := plugin.NewIdentity(plugin.EncodeIdentity("omamoritest", nil), &plugin.ClientUI{})
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(t, s, by).Entries(); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// pluginMain is the plug-in of TestPlugin: a real X25519 key, known to the test alone.
func pluginMain() int {
	p, err := plugin.New("omamoritest")
	if err != nil {
		panic(err)
	}
	id, err := new(vault.Key).Identity() // of zeros
	if err != nil {
		panic(err)
	}
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return id.Recipient(), nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return id, nil })
	return p.Main()
}

func TestMain(m *testing.M) {
	if os.Getenv("VAULT_PLUGIN") != "" {
		os.Exit(pluginMain())
	}
	os.Exit(m.Run())
}
