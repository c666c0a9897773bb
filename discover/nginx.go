package discover

import (
	"path"
	"strconv"
	"strings"
)

// server is a virtual host of a web server.
type server struct {
	names []string
	ports []int
	tls   bool
	root  string
}

// directive is one of nginx's: words, and perhaps a block.
type directive struct {
	words []string
	block []directive
}

// maxNesting bounds blocks in blocks.
const maxNesting = 16

// parseNginx reads nginx's configuration as far as it makes sense; what does not is
// passed over.
func parseNginx(src string) []directive {
	tokens := tokens(src)
	all, _ := directives(tokens, 0)
	return all
}

// tokens splits into words, and the marks { } and ;.
func tokens(src string) []string {
	var all []string
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case c == '{' || c == '}' || c == ';':
			all = append(all, string(c))
			i++
		case c == '"' || c == '\'':
			end := i + 1
			for end < len(src) && src[end] != c {
				if src[end] == '\\' {
					end++
				}
				end++
			}
			// A mark in quotes is no mark: an empty rune in front tells it apart.
			all = append(all, "\x00"+src[min(i+1, len(src)):min(end, len(src))])
			i = end + 1
		default:
			end := i
			for end < len(src) && !strings.ContainsRune(" \t\r\n;", rune(src[end])) && !(src[end] == '{' && (end == i || src[end-1] != '$')) {
				end++
			}
			if end == i {
				end++
			}
			all = append(all, src[i:end])
			i = end
		}
	}
	return all
}

func directives(tokens []string, deep int) (all []directive, rest []string) {
	var words []string
	for len(tokens) > 0 {
		t := tokens[0]
		tokens = tokens[1:]
		switch t {
		case ";":
			if len(words) > 0 {
				all = append(all, directive{words: words})
			}
			words = nil
		case "{":
			if deep >= maxNesting {
				return all, nil
			}
			var block []directive
			block, tokens = directives(tokens, deep+1)
			if len(words) > 0 {
				all = append(all, directive{words, block})
			}
			words = nil
		case "}":
			return all, tokens
		default:
			words = append(words, strings.TrimPrefix(t, "\x00"))
		}
	}
	return all, nil
}

// nginx lists the virtual hosts of nginx, by its configuration with all that it
// includes.
func (m machine) nginx() []server {
	files := 0
	var servers []server
	var walk func(all []directive, deep int)
	walk = func(all []directive, deep int) {
		for _, d := range all {
			switch {
			case d.words[0] == "include" && len(d.words) == 2 && deep < maxNesting:
				pattern := d.words[1]
				if !path.IsAbs(pattern) {
					pattern = path.Join("/etc/nginx", pattern)
				}
				for _, p := range m.glob(pattern) {
					if files++; files <= maxFiles {
						walk(parseNginx(m.read(p)), deep+1)
					}
				}
			case d.words[0] == "server" && d.block != nil:
				servers = append(servers, nginxServer(d.block))
			case d.block != nil && deep < maxNesting:
				walk(d.block, deep+1)
			}
		}
	}
	walk(parseNginx(m.read("/etc/nginx/nginx.conf")), 0)
	return servers
}

func nginxServer(block []directive) server {
	var s server
	for _, d := range block {
		if len(d.words) < 2 {
			continue
		}
		switch d.words[0] {
		case "server_name":
			s.names = append(s.names, d.words[1:]...)
		case "root":
			s.root = d.words[1]
		case "ssl_certificate":
			s.tls = true
		case "listen":
			where := d.words[1]
			if i := strings.LastIndexByte(where, ':'); i >= 0 && !strings.HasSuffix(where, "]") {
				where = where[i+1:]
			}
			if n, err := strconv.Atoi(where); err == nil && n > 0 && n < 65536 {
				s.ports = append(s.ports, n)
			}
			for _, w := range d.words[2:] {
				s.tls = s.tls || w == "ssl"
			}
		}
	}
	return s
}

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
	for line := range strings.Lines(src) {
		f := strings.Fields(strings.TrimSpace(line))
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		word := strings.ToLower(f[0])
		if word == "<virtualhost" {
			s = &server{}
			for _, w := range f[1:] {
				w = strings.TrimSuffix(w, ">")
				if i := strings.LastIndexByte(w, ':'); i >= 0 {
					if n, err := strconv.Atoi(w[i+1:]); err == nil && n > 0 && n < 65536 {
						s.ports = append(s.ports, n)
					}
				}
			}
			continue
		}
		if s == nil {
			continue
		}
		if word == "</virtualhost>" {
			servers = append(servers, *s)
			s = nil
			continue
		}
		if len(f) < 2 {
			continue
		}
		value := strings.Trim(f[1], `"'`)
		switch word {
		case "servername":
			host, _, _ := strings.Cut(value, ":")
			s.names = append([]string{host}, s.names...)
		case "serveralias":
			s.names = append(s.names, f[1:]...)
		case "documentroot":
			s.root = value
		case "sslcertificatefile":
			s.tls = true
		}
	}
	return servers
}
