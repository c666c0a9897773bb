package mysql

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// secret resolves where a secret is to the secret.
func secret(s chain.Secret) (string, error) {
	where, name, _ := strings.Cut(string(s), ":")
	switch where {
	case "env":
		v, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("no environment variable %s", name)
		}
		return v, nil
	case "credential":
		name = filepath.Join(os.Getenv("CREDENTIALS_DIRECTORY"), filepath.Base(name))
	case "file":
	default:
		return "", fmt.Errorf("not file:, env: or credential:")
	}
	b, err := readFile(name)
	return strings.TrimSuffix(string(b), "\n"), err
}
