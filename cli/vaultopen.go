package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
)

// maxRead bounds what is read of a file that the owner names.
const maxRead = 32 << 20

// unlock gives what opens the vault: the identities that were named, or the vault's own,
// by its passphrase.
func (a *App) unlock(s vault.Store, k *keyring) ([]age.Identity, error) {
	if len(k.identities) == 0 {
		if err := s.Locked(); err != nil {
			return nil, err
		}
		id, err := a.unlockBy(s, k)
		for range 2 { // whoever mistypes it is asked again
			if fault, ok := errors.AsType[*vault.Fault](err); !ok || fault.Code != vault.WrongPassphrase || k.fd >= 0 || k.file != "" {
				break
			}
			a.complain("", err)
			id, err = a.unlockBy(s, k)
		}
		if err != nil {
			return nil, err
		}
		return []age.Identity{id}, nil
	}
	var ids []age.Identity
	for _, path := range k.identities {
		more, err := a.identityFile(path)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

func (a *App) unlockBy(s vault.Store, k *keyring) (age.Identity, error) {
	word, err := a.passphrase(k, chain.Say("cli.vault_passphrase"))
	if err != nil {
		return nil, err
	}
	defer clear(word)
	p := a.waiting(chain.Say("cli.vault_opening"))
	id, err := s.Unlock(word)
	p.end(err)
	return id, err
}

// identityFile reads private keys: one of SSH, or age's, plug-ins' among them.
func (a *App) identityFile(path string) (ids []age.Identity, err error) {
	b, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	bad := &Problem{Text: chain.Say("cli.bad_identity", "path", path), Hint: chain.Say("cli.bad_identity_hint")}
	if bytes.HasPrefix(b, []byte("-----BEGIN")) {
		id, err := agessh.ParseIdentity(b)
		var sealed *ssh.PassphraseMissingError
		if errors.As(err, &sealed) && sealed.PublicKey != nil {
			pem := bytes.Clone(b)
			id, err = agessh.NewEncryptedSSHIdentity(sealed.PublicKey, pem, func() ([]byte, error) {
				return a.secretLine(chain.Say("cli.ssh_passphrase", "path", path))
			})
		}
		if err != nil {
			return nil, bad
		}
		return []age.Identity{id}, nil
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var id age.Identity
		if strings.HasPrefix(line, "AGE-PLUGIN-") {
			id, err = plugin.NewIdentity(line, a.pluginUI())
		} else {
			id, err = age.ParseX25519Identity(line)
		}
		if err != nil { // it would quote the key
			return nil, bad
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, bad
	}
	return ids, nil
}

// noPrivateKey refuses texts with a private key in them, and quotes none.
func noPrivateKey(texts ...string) error {
	for _, t := range texts {
		for _, mark := range []string{"AGE-SECRET-KEY", "AGE-PLUGIN-", "PRIVATE KEY"} {
			if strings.Contains(t, mark) {
				return &vault.Fault{Code: vault.BadRecipient}
			}
		}
	}
	return nil
}

// recipientOf is the public key that is meant: itself, or the content of a file.
func recipientOf(key string) (string, error) {
	if strings.HasPrefix(key, "age1") || strings.HasPrefix(key, "ssh-") {
		return key, nil
	}
	b, err := readBounded(key)
	if err != nil {
		return "", err
	}
	if err := noPrivateKey(string(b)); err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line, nil
}

// passphrase reads one from where the owner said, else from the terminal.
func (a *App) passphrase(k *keyring, question chain.Text) ([]byte, error) {
	switch {
	case k.fd >= 0 && k.file != "":
		return nil, usage(chain.Say("cli.two_passphrases"), chain.Text{})
	case k.fd >= 0:
		if k.from == nil {
			if k.from = os.Stdin; k.fd != 0 {
				k.from = os.NewFile(uintptr(k.fd), "passphrase")
			}
		}
		if k.from == nil {
			return nil, usage(chain.Say("cli.bad_fd", "fd", k.fd), chain.Text{})
		}
		return firstLine(k.from)
	case k.file != "":
		f, err := os.Open(k.file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return firstLine(f)
	}
	return a.secretLine(question)
}

// newPassphrase reads one twice from a terminal, or once from elsewhere. Whoever mistypes
// it may have typed a whole kit before, and is asked again.
func (a *App) newPassphrase(k *keyring) (word []byte, err error) {
	const tries = 3
	for range tries {
		word, err = a.newPassphraseOnce(k)
		if p, ok := errors.AsType[*Problem](err); !ok || p.Text.Key != "cli.vault_differ" {
			break
		}
		a.complain("", err)
	}
	return word, err
}

func (a *App) newPassphraseOnce(k *keyring) ([]byte, error) {
	word, err := a.passphrase(k, chain.Say("cli.vault_new_passphrase"))
	if err != nil || k.fd >= 0 || k.file != "" {
		return word, err
	}
	again, err := a.secretLine(chain.Say("cli.vault_again"))
	if err != nil {
		clear(word)
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(word, again) {
		clear(word)
		return nil, &Problem{Text: chain.Say("cli.vault_differ"), Hint: chain.Say("cli.vault_differ_hint")}
	}
	return word, nil
}

// maxSecretLine bounds a passphrase, in bytes.
const maxSecretLine = 4 << 10

// firstLine reads no byte more than the line, so that the next reader of f finds the next
// one.
func firstLine(f *os.File) ([]byte, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) < maxSecretLine {
		n, err := f.Read(b)
		if n == 1 && b[0] == '\n' || errors.Is(err, io.EOF) {
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the passphrase: %w", err)
		}
		line = append(line, b[:n]...)
	}
	return nil, &Problem{Text: chain.Say("cli.long_secret")}
}

// secretLine asks for something at the terminal itself, whatever standard input is, and
// shows nothing of it. Ctrl-C ends it, with the terminal as it was.
func (a *App) secretLine(question chain.Text) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, &Problem{Text: chain.Say("cli.no_terminal"), Hint: chain.Say("cli.no_terminal_hint")}
	}
	defer tty.Close()
	fmt.Fprint(tty, a.lang.Say(question)+" ")
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return nil, err
	}
	// The command's context ends too, but a read of the terminal does not see it.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	type typed struct {
		b   []byte
		err error
	}
	read := make(chan typed, 1)
	go func() { // ends with the program, at the latest
		b, err := term.ReadPassword(int(tty.Fd()))
		read <- typed{b, err}
	}()
	select {
	case t := <-read:
		fmt.Fprintln(tty)
		return t.b, t.err
	case <-interrupted:
		fmt.Fprintln(tty)
		return nil, errors.Join(&Problem{Text: chain.Say("cli.interrupted")}, term.Restore(int(tty.Fd()), before))
	}
}

// readBounded reads a file; "-" is the standard input of the program.
func readBounded(path string) ([]byte, error) {
	f := os.Stdin
	if path != "-" {
		opened, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		f = opened
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err == nil && len(b) > maxRead {
		err = &Problem{Text: chain.Say("cli.file_too_long", "path", path)}
	}
	return b, err
}

// pluginUI lets age's plug-ins ask at the terminal.
func (a *App) pluginUI() *plugin.ClientUI {
	say := func(_, message string) error {
		_, err := fmt.Fprintln(a.Err, clip(message, longest))
		return err
	}
	return &plugin.ClientUI{
		DisplayMessage: say,
		RequestValue: func(name, prompt string, _ bool) (string, error) {
			b, err := a.secretLine(chain.Say("cli.plugin_asks", "name", name, "prompt", prompt))
			return string(b), err
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) { return false, errors.New("not supported") },
		WaitTimer: func(name string) {
			fmt.Fprintln(a.Err, a.say("cli.plugin_waits", "name", name))
		},
	}
}

// named says which file a fault is about.
func named(err error, path string) error {
	var f *vault.Fault
	if errors.As(err, &f) && f.Name == "" {
		return &vault.Fault{Code: f.Code, Name: path, Names: f.Names, Err: f.Err}
	}
	return err
}
