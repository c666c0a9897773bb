package knock

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/omamori-guard/omamori/chain"
)

// KeyError is that nothing can be signed with.
type KeyError struct {
	// Key is the file that was asked for, "" for any.
	Key string
	Err error
}

func (e *KeyError) Error() string { return fmt.Sprintf("no key to knock with (%s): %v", e.Key, e.Err) }

// Unwrap gives what went wrong.
func (e *KeyError) Unwrap() error { return e.Err }

// Said puts the error into words.
func (e *KeyError) Said() (text, hint chain.Text) {
	switch {
	case errors.Is(e.Err, ErrTooLarge):
		return chain.Say("knock.key_too_large", "key", e.Key), chain.Say("knock.key_too_large_hint")
	case errors.As(e.Err, new(*ssh.PassphraseMissingError)):
		return chain.Say("knock.key_locked", "key", e.Key), chain.Say("knock.key_locked_hint", "key", e.Key)
	case e.Key == "":
		return chain.Say("knock.no_key"), chain.Say("knock.no_key_hint")
	}
	return chain.Say("knock.key_unread", "key", e.Key, "error", e.Err.Error()), chain.Say("knock.key_locked_hint", "key", e.Key)
}

// Keys are what an owner can sign with. Close lets go of the agent.
type Keys struct {
	Signers []ssh.Signer
	agent   net.Conn
}

// Close lets go of the agent.
func (k *Keys) Close() error {
	if k.agent == nil {
		return nil
	}
	return k.agent.Close()
}

// FindKeys finds the key at path, in the agent that listens at socket or in the file
// itself; path may be that of the public half. Without a path it is all keys that the
// agent has and that can be used, those first that nobody has to touch; without an
// agent those that ssh would use.
func FindKeys(path, socket string) (*Keys, error) {
	k := &Keys{}
	var held []ssh.Signer
	if socket != "" {
		if conn, err := net.Dial("unix", socket); err == nil {
			k.agent = conn
			held, _ = agent.NewClient(conn).Signers() // an agent that refuses holds nothing
		}
	}
	var err error
	if path != "" {
		k.Signers, err = oneKey(path, held)
	} else {
		k.Signers, err = anyKey(held)
	}
	if err != nil {
		_ = k.Close()
		return nil, &KeyError{path, err}
	}
	return k, nil
}

func oneKey(path string, held []ssh.Signer) ([]ssh.Signer, error) {
	private := strings.TrimSuffix(path, ".pub")
	var missing error
	if text, err := os.ReadFile(private + ".pub"); err == nil {
		public, _, _, _, err := ssh.ParseAuthorizedKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s.pub: %w", private, err)
		}
		if !Fits(public, 1) {
			return nil, ErrTooLarge
		}
		for _, s := range held {
			if bytes.Equal(s.PublicKey().Marshal(), public.Marshal()) {
				return []ssh.Signer{s}, nil
			}
		}
	} else {
		missing = err
	}
	signer, err := fileKey(private)
	if err != nil && path != private && missing != nil {
		err = missing
	}
	if err != nil {
		return nil, err
	}
	return []ssh.Signer{signer}, nil
}

func fileKey(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	switch {
	case err != nil:
		return nil, err
	case !Fits(signer.PublicKey(), 1):
		return nil, ErrTooLarge
	}
	return signer, nil
}

// mostKeys is how many keys are tried at one door.
const mostKeys = 5

var errNone = errors.New("there is none")

func anyKey(held []ssh.Signer) ([]ssh.Signer, error) {
	usable := slices.DeleteFunc(held, func(s ssh.Signer) bool {
		return strings.Contains(s.PublicKey().Type(), "-cert-") || !Fits(s.PublicKey(), 1)
	})
	if len(usable) == 0 {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, errNone
		}
		var why error = errNone
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			signer, err := fileKey(filepath.Join(home, ".ssh", name))
			if err == nil {
				usable = append(usable, signer)
			} else if !errors.Is(err, fs.ErrNotExist) {
				why = err
			}
		}
		if len(usable) == 0 {
			return nil, why
		}
	}
	slices.SortStableFunc(usable, func(a, b ssh.Signer) int { return touch(a) - touch(b) })
	return usable[:min(len(usable), mostKeys)], nil
}

// touch is 1 where somebody has to touch the key.
func touch(s ssh.Signer) int {
	if strings.HasPrefix(s.PublicKey().Type(), "sk-") {
		return 1
	}
	return 0
}
