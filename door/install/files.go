package install

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/hands"
)

// Options say what the door is to be.
type Options struct {
	Ports []uint16
	Keep  []string
	// Keys are files in the format of authorized_keys, from which owners are taken.
	Keys []string
	// Dir is where the files go, /etc/omamori unless in a test.
	Dir string
	// Guard and Knock are the users of those programs; "" where there is no such user.
	Guard, Knock string
}

// Result is what has been prepared. The firewall is as it was.
type Result struct {
	// Pass is what an owner's laptop needs to know.
	Pass *knock.Pass
	// Owners are the principals that may knock; TooLarge those whose keys do not fit
	// into a packet.
	Owners   []string
	TooLarge []string
	// Changed says that a running door has to read its file again.
	Changed bool
}

// KeyFile is the door's key, below Options.Dir.
const KeyFile = "door.key"

var errNoOwner = &spoken{chain.Say("door.no_owner"), chain.Say("door.no_owner_hint")}

// spoken is an error for a person.
type spoken struct{ text, hint chain.Text }

func (e *spoken) Error() string                 { return e.text.Key }
func (e *spoken) Said() (text, hint chain.Text) { return e.text, e.hint }

// Prepare makes the door's key, if there is none, and writes whose signature opens and
// what the door's half may do. Signers that are there already stay.
func Prepare(o Options) (Result, error) {
	var r Result
	signers := filepath.Join(o.Dir, filepath.Base(hands.DefaultSigners))
	text, err := os.ReadFile(signers)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("read who may knock: %w", err)
	}
	for _, path := range o.Keys {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("read keys: %w", err)
		}
		more, large := signersOf(b, len(o.Ports))
		r.TooLarge = append(r.TooLarge, large...)
		for _, line := range more {
			if !bytes.Contains(text, []byte(line.key)) {
				if len(text) > 0 && text[len(text)-1] != '\n' {
					text = append(text, '\n')
				}
				text = fmt.Appendf(text, "%s namespaces=%q %s\n", line.who, door.Namespace, line.key)
			}
			r.Owners = append(r.Owners, line.who)
		}
	}
	known, err := door.ParseSigners(text)
	if len(known) == 0 {
		return r, errNoOwner
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", signers, err)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return r, err
	}
	key, err := doorKey(filepath.Join(o.Dir, KeyFile))
	if err != nil {
		return r, err
	}
	name, err := os.Hostname()
	if err != nil {
		return r, err
	}
	r.Pass = key.Pass(name, knock.DefaultPort)
	print := key.Fingerprint()
	path := filepath.Join(o.Dir, filepath.Base(hands.DefaultDoorFile))
	file, err := hands.LoadDoor(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	// What else the owner has written into it stays.
	file.Guard, file.Knock, file.Door = o.Guard, o.Knock, hex.EncodeToString(print[:])
	file.Ports, file.Keep, file.Signers = o.Ports, o.Keep, signers
	b, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		return r, err
	}
	if _, bad := hands.ParseDoor(b); len(bad) > 0 {
		return r, &hands.FileError{Path: path, Problems: bad}
	}
	if _, err := place(signers, text, 0o644); err != nil {
		return r, err
	}
	r.Changed, err = place(path, append(b, '\n'), 0o644)
	return r, err
}

// doorKey reads the door's key, or makes it: passes that owners have stay good.
func doorKey(path string) (*knock.Key, error) {
	k, err := knock.LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = knock.NewKey(); err != nil {
		return nil, err
	}
	text, err := k.Text()
	if err != nil {
		return nil, err
	}
	_, err = place(path, []byte(text+"\n"), 0o600)
	return k, err
}

// place writes a file whole or not at all, and says whether it is another than before.
func place(path string, text []byte, mode fs.FileMode) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return false, nil
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return false, err
	}
	_, err = f.Write(text)
	// Whatever umask we were started with: the knock reads who may sign.
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(path+".new", path)
}

// owner is a line of allowed_signers.
type owner struct{ who, key string }

// signersOf takes the owners out of an authorized_keys: not keys that may only run one
// command, nor authorities, nor keys that do not fit into a packet.
func signersOf(authorized []byte, ports int) (all []owner, large []string) {
	for line := range strings.Lines(string(authorized)) {
		key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || restricted(options) {
			continue
		}
		who := principal(comment)
		if !knock.Fits(key, ports) {
			large = append(large, fmt.Sprintf("%s %s (%s)", key.Type(), ssh.FingerprintSHA256(key), who))
			continue
		}
		all = append(all, owner{who, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))})
	}
	return all, large
}

func restricted(options []string) bool {
	for _, o := range options {
		name, _, _ := strings.Cut(strings.ToLower(o), "=")
		if name == "command" || name == "cert-authority" || name == "no-pty" || name == "restrict" {
			return true
		}
	}
	return false
}

// principal makes a name of a key's comment.
func principal(comment string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("@._-", c) {
			return c
		}
		return -1
	}, comment)
	if name == "" || len(name) > 64 {
		return "owner"
	}
	return name
}
