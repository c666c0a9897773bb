package discover

import (
	"path"
	"strconv"
	"strings"
)

// apache lists the virtual hosts of Apache that are switched on.
func (m machine) apache() []server {
	var servers []server
	for _, p := range m.glob("/etc/apache2/sites-enabled/*.conf") {
		servers = append(servers, parseApache(m.read(p))...)
	}
	return servers
}

// parseApache reads the <VirtualHost> sections of a file.
func parseApache(src string) (servers []server) {
	var s *server
	for line := range strings.Lines(strings.ReplaceAll(src, "\\\n", " ")) {
		f := apacheWords(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		switch word := strings.ToLower(f[0]); {
		case word == "<virtualhost":
			s = &server{ports: apachePorts(f[1:])}
		case s == nil:
		case word == "</virtualhost>":
			servers = append(servers, *s)
			s = nil
		case len(f) > 1:
			s.apache(word, f[1:])
		}
	}
	return servers
}

// apache takes one directive of a <VirtualHost>.
func (s *server) apache(word string, values []string) {
	switch word {
	case "servername":
		host, _, _ := strings.Cut(values[0], ":")
		s.names = append([]string{host}, s.names...)
	case "serveralias":
		s.names = append(s.names, values...)
	case "documentroot":
		s.root = path.Clean(values[0])
	case "sslcertificatefile":
		s.tls, s.cert = true, values[0]
	case "sslengine":
		s.tls = s.tls || strings.EqualFold(values[0], "on")
	case "sethandler":
		if at, ok := strings.CutPrefix(values[0], "proxy:unix:"); ok {
			s.php, _, _ = strings.Cut(at, "|")
		} else if at, ok := strings.CutPrefix(values[0], "proxy:fcgi://"); ok {
			s.php = strings.TrimSuffix(at, "/")
		}
	}
}

func apachePorts(words []string) (ports []int) {
	for _, w := range words {
		w = strings.TrimSuffix(w, ">")
		if i := strings.LastIndexByte(w, ':'); i >= 0 {
			if n, err := strconv.Atoi(w[i+1:]); err == nil && n > 0 && n < 65536 {
				ports = append(ports, n)
			}
		}
	}
	return ports
}

// apacheWords splits a line at blanks outside of quotes.
func apacheWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, c := range strings.TrimSpace(line) {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
