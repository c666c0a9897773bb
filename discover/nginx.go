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
	// php is where PHP is asked, as the configuration says it; cert its certificate.
	php, cert string
	// private says that it listens on Unix sockets alone.
	private bool
	web     string // the service
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

// maxConfig bounds how much is read of one server's configuration.
const maxConfig = 8 << 20

// nginx lists the virtual hosts of an nginx, by its configuration with all that it
// includes.
func (m machine) nginx(config string) []server {
	if config == "" {
		config = "/etc/nginx/nginx.conf"
	}
	files, size := 0, 0
	read := func(p string) []directive {
		if files++; files > maxFiles || size > maxConfig {
			return nil
		}
		src := m.read(p)
		size += len(src)
		return parseNginx(src)
	}
	var servers []server
	var include func(all []directive, deep int) []directive
	// include puts what is included in its place.
	include = func(all []directive, deep int) (whole []directive) {
		for _, d := range all {
			if d.words[0] != "include" || len(d.words) != 2 {
				whole = append(whole, d)
				continue
			}
			pattern := d.words[1]
			if !path.IsAbs(pattern) {
				pattern = path.Join(path.Dir(config), pattern)
			}
			if deep < maxNesting && files <= maxFiles {
				for _, p := range m.glob(pattern) {
					whole = append(whole, include(read(p), deep+1)...)
				}
			}
		}
		return whole
	}
	for _, top := range include(read(config), 0) {
		if top.words[0] != "http" {
			continue
		}
		for _, d := range include(top.block, 0) {
			if d.words[0] == "server" && d.block != nil && len(servers) < maxFiles {
				servers = append(servers, nginxServer(include(d.block, 0)))
			}
		}
	}
	return servers
}

func nginxServer(block []directive) server {
	var s server
	public := 0
	for _, d := range block {
		if d.words[0] == "location" && s.php == "" {
			s.php = fastCGI(d.block)
		}
		if len(d.words) < 2 {
			continue
		}
		switch d.words[0] {
		case "server_name":
			s.names = append(s.names, d.words[1:]...)
		case "root":
			s.root = d.words[1]
		case "ssl_certificate":
			s.tls, s.cert = true, d.words[1]
		case "listen":
			where := d.words[1]
			s.private = strings.HasPrefix(where, "unix:") && public == 0
			if strings.HasPrefix(where, "unix:") {
				continue
			}
			public++
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

// fastCGI is where a location has PHP asked.
func fastCGI(block []directive) string {
	for _, d := range block {
		if len(d.words) == 2 && d.words[0] == "fastcgi_pass" {
			return strings.TrimPrefix(d.words[1], "unix:")
		}
		if len(d.words) > 0 && d.words[0] == "location" {
			if at := fastCGI(d.block); at != "" {
				return at
			}
		}
	}
	return ""
}
