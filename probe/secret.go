package probe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// maxSecret bounds a secret, in bytes: a private key is far shorter.
const maxSecret = 64 << 10

// Secret finds the secret that s refers to. Errors say what is missing, never what
// was found.
func Secret(s chain.Secret) (string, error) {
	where, name, _ := strings.Cut(string(s), ":")
	switch where {
	case "":
		return "", nil
	case "env":
		v, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("no environment variable %s", name)
		}
		return v, nil
	case "credential":
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return "", errors.New("no credentials: systemd gave none to this unit")
		}
		if name != filepath.Base(name) {
			return "", fmt.Errorf("credential %q: not a plain name", name)
		}
		return secretFile(filepath.Join(dir, name))
	case "file":
		return secretFile(name)
	}
	return "", errors.New("a secret is given as file:PATH, env:NAME or credential:NAME")
}

func secretFile(path string) (string, error) {
	b, err := ReadFile(path, maxSecret)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}
