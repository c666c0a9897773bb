package site

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/omamori-guard/omamori/chain"
)

// layout knows where everything is.
type layout struct{ dir string }

func (l layout) at(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

// Fields of the templates.
func (l layout) DB() string        { return l.at("db") }
func (l layout) Etc() string       { return l.at("etc") }
func (l layout) Log() string       { return l.at("log") }
func (l layout) Run() string       { return l.at("run") }
func (l layout) Tmp() string       { return l.at("tmp") }
func (l layout) Web() string       { return l.at("web") }
func (l layout) SQLSocket() string { return l.at("run", "mariadb", "mariadb.sock") }
func (l layout) PHPSocket() string { return l.at("run", "php.sock") }

func (l layout) handsSocket() string { return l.at("run", "hands.sock") }
func (l layout) handsFile() string   { return l.at("hands.json") }
func (l layout) wpConfig() string    { return l.at("web", "wp-config.php") }
func (l layout) guardFile() string   { return l.at("omamori.yaml") }

// settings are what Up notes about a site, in DIR/site.json.
type settings struct {
	Address     string `json:"address"`
	Title       string `json:"title"`
	Lang        string `json:"lang"`
	Sample      bool   `json:"sample"`
	WithSystemd bool   `json:"with_systemd"`
	GuardUser   string `json:"guard_user"`
	HandsBinary string `json:"hands_binary"`
	PostURL     string `json:"post_url,omitempty"`
	// Installed is set once WordPress is: from then on its tables are never dropped.
	Installed bool   `json:"installed"`
	Budget    Budget `json:"budget"`
	// GuardFiles are the SHA-256 of the omamori.yaml that was written last, and of the
	// one that was about to be: one that its owner has changed is left alone.
	GuardFiles []string `json:"guard_files,omitempty"`
	// Listening is the address by which nginx was last told to listen.
	Listening string `json:"listening,omitempty"`
	// RunsBy says by which files each service was started, as a SHA-256. It outlives
	// an interruption between the writing of a file and the restart for it.
	RunsBy map[string]string `json:"runs_by,omitempty"`
}

// host is what visitors ask for: without the port where browsers leave it out.
func (s settings) host() string {
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil || port != "80" {
		return s.Address
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "[" + host + "]"
	}
	return host
}

func (s settings) base() string { return "http://" + s.host() }
func (s settings) url() string  { return s.base() + "/" }

// listen is where nginx listens. The address of a name need not be one of this
// machine's (a load balancer, a home router), nor be known yet when it starts.
func (s settings) listen() (network, address string) {
	host, port, _ := net.SplitHostPort(s.Address)
	switch {
	case host == "localhost":
		return "tcp", net.JoinHostPort("127.0.0.1", port)
	case net.ParseIP(host) == nil:
		return "tcp4", net.JoinHostPort("0.0.0.0", port)
	}
	return "tcp", s.Address
}

func (s settings) loopback() bool {
	host, _, _ := net.SplitHostPort(s.Address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func settingsPath(l layout) string { return l.at("site.json") }

func readSettings(l layout) (s settings, found bool, err error) {
	b, err := os.ReadFile(settingsPath(l))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, false, problem(chain.Say("site.bad_settings", "path", settingsPath(l), "error", err), chain.Text{})
	}
	return s, true, nil
}

func writeSettings(l layout, s settings) error {
	b, err := encode(s)
	if err != nil {
		return err
	}
	_, err = writeFile(settingsPath(l), b, 0o644, nil)
	return err
}

// encode writes v as JSON for people.
func encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
