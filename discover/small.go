package discover

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Pool is a pool of PHP-FPM.
type Pool struct {
	Name, Socket, Address, Ping, Status string
	service                             string
	// own says that its service itself listens on Socket.
	own bool
}

// pools lists the pools of a PHP-FPM.
func (m machine) pools(s Service, listening []listener) []Pool {
	config := s.config
	if config == "" {
		config = fpmConfig(s)
	}
	src := m.read(config)
	all := parsePools(src)
	for line := range strings.Lines(src) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.TrimSpace(key) != "include" {
			continue
		}
		for _, p := range m.glob(strings.TrimSpace(value)) {
			all = append(all, parsePools(m.read(p))...)
		}
	}
	all = slices.DeleteFunc(all, func(p Pool) bool { return p.Name == "global" || p.Socket == "" && p.Address == "" })
	for i := range all {
		all[i].service = s.Name
		all[i].own = !s.Running || (s.root || os.Geteuid() != 0) && slices.ContainsFunc(listening, func(l listener) bool {
			return l.pid == s.pid && l.path == all[i].Socket
		})
	}
	return all[:min(len(all), maxSites)]
}

// parsePools reads a pool file of PHP-FPM.
func parsePools(src string) (all []Pool) {
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			all = append(all, Pool{Name: strings.Trim(line, "[]")})
		case len(all) > 0:
			key, value, _ := strings.Cut(line, "=")
			p := &all[len(all)-1]
			value, _, _ = strings.Cut(value, ";")
			value = strings.Trim(strings.TrimSpace(value), `"'`)
			switch strings.TrimSpace(key) {
			case "listen":
				switch {
				case path.IsAbs(value):
					p.Socket = strings.ReplaceAll(value, "$pool", p.Name)
				case strings.Contains(value, ":"):
					p.Address = value
				case value != "":
					p.Address = "127.0.0.1:" + value
				}
			case "ping.path":
				p.Ping = value
			case "pm.status_path":
				p.Status = value
			}
		}
	}
	return all
}

// fingerprint is that of a public key's line, as ssh-keygen -l prints it; "" for
// what is none.
func fingerprint(line string) string {
	f := strings.Fields(line)
	if len(f) < 2 {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(f[1])
	if err != nil || len(b) < 16 {
		return ""
	}
	sum := sha256.Sum256(b)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// sshPort is the port of sshd by its configuration.
func (m machine) sshPort(config string) int {
	if config == "" {
		config = "/etc/ssh/sshd_config"
	}
	sources := []string{m.read(config)}
	for _, p := range m.glob("/etc/ssh/sshd_config.d/*.conf") {
		sources = append(sources, m.read(p))
	}
	for _, src := range sources {
		for line := range strings.Lines(src) {
			f := strings.Fields(line)
			if len(f) < 2 || !strings.EqualFold(f[0], "Port") {
				continue
			}
			if n, err := strconv.ParseUint(f[1], 10, 16); err == nil && n > 0 {
				return int(n)
			}
		}
	}
	return 22
}

// mysqlSocket is the socket that a configuration of MariaDB names for the server, ""
// if it names none.
func (m machine) mysqlSocket(config string) string {
	server := false
	for line := range strings.Lines(m.read(config)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			server = strings.HasPrefix(line, "[mysqld") || strings.HasPrefix(line, "[mariadb") || line == "[server]"
		}
		key, value, _ := strings.Cut(line, "=")
		if value = strings.Trim(strings.TrimSpace(value), `"'`); server && strings.TrimSpace(key) == "socket" && path.IsAbs(value) {
			return value
		}
	}
	return ""
}

// selfSigned reports whether a certificate vouches for itself: nobody else will.
func selfSigned(file string) bool {
	block, _ := pem.Decode([]byte(file))
	if block == nil || block.Type != "CERTIFICATE" {
		return false
	}
	c, err := x509.ParseCertificate(block.Bytes)
	return err == nil && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
