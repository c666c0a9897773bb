package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/omamori-guard/omamori/chain"
)

// units is where a machine's owner keeps units.
const units = "/etc/systemd/system"

// unitServices are what a site has units for, in the order of their start.
var unitServices = []string{"mariadb", "php", "nginx", "hands"}

// unitName is the unit of one of a site's services. Of what a folder's name may have,
// systemd does not take + and makes something else of @.
func unitName(l layout, service string) string {
	name := strings.NewReplacer("+", `\x2b`, "@", `\x40`).Replace(filepath.Base(l.dir))
	return "omamori-site-" + name + "-" + service + ".service"
}

// unitsOf are a site's units.
func unitsOf(l layout) []string {
	var all []string
	for _, service := range unitServices {
		all = append(all, unitName(l, service))
	}
	return all
}

func checkSystemd() error {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return problem(chain.Say("site.no_systemd"), chain.Say("site.no_systemd_hint"))
	}
	return nil
}

// unit gives the content of a service's unit.
func (b *build) unit(service string) ([]byte, error) {
	t, err := template.ParseFS(files, "files/unit.service")
	if err != nil {
		return nil, err
	}
	u := struct {
		*build
		Service, Title, Exec, User, After string
		Writes                            []string
		Capabilities, Families            string
		InTmp                             bool
	}{build: b, Service: service, Families: "AF_UNIX", InTmp: strings.HasPrefix(b.dir, "/tmp/") || strings.HasPrefix(b.dir, "/var/tmp/")}
	switch service {
	case "mariadb":
		u.User = "mysql"
		u.Exec = b.programs.mariadbd + " --defaults-file=" + b.at("etc", "my.cnf")
		u.Writes = []string{b.DB(), b.at("run", "mariadb"), b.at("tmp", "mariadb"), b.at("log", "mariadb.log")}
	case "php":
		u.Exec = fmt.Sprintf("%s --nodaemonize --fpm-config %s -d opcache.memory_consumption=%d",
			b.programs.fpm, b.at("etc", "php-fpm.conf"), b.Budget.Opcache/mib)
		u.Writes = []string{b.Run(), b.Log(), b.at("tmp", "php"), b.at("web", "wp-content", "uploads")}
		u.Capabilities = "CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL"
		u.Families = "AF_UNIX AF_INET AF_INET6"
		u.After = unitName(b.layout, "mariadb")
	case "nginx":
		u.Exec = b.programs.nginx + " -e " + b.at("log", "nginx.log") + " -c " + b.at("etc", "nginx.conf")
		u.Writes = []string{b.Run(), b.Log(), b.at("tmp", "nginx")}
		u.Capabilities = "CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE"
		u.Families = "AF_UNIX AF_INET AF_INET6"
		u.After = unitName(b.layout, "php")
	case "hands":
		u.Exec = b.HandsBinary + " --listen " + b.handsSocket() + " --file " + b.handsFile()
		u.Writes = []string{b.Run(), b.at("etc", "mariadb.d"), b.at("etc", "php.d"), b.at("secrets", "hands")}
		u.Capabilities = "CAP_KILL CAP_CHOWN CAP_DAC_OVERRIDE CAP_SYS_PTRACE CAP_SYSLOG"
	}
	var out bytes.Buffer
	if err := t.Execute(&out, u); err != nil {
		return nil, fmt.Errorf("fill unit of %s: %w", service, err)
	}
	return out.Bytes(), nil
}

// systemdUp writes the units and starts hands, which starts the others when it is
// asked to.
func (b *build) systemdUp(ctx context.Context) error {
	b.tell(chain.Say("site.step_units", "dir", units))
	for _, name := range unitsOf(b.layout) {
		path := filepath.Join(units, name)
		ours, err := isOurs(b.layout, path)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(path); err == nil && !ours {
			return problem(chain.Say("site.foreign_unit", "path", path), chain.Text{})
		}
	}
	for _, service := range unitServices {
		content, err := b.unit(service)
		if err != nil {
			return err
		}
		if _, err := writeFile(filepath.Join(units, unitName(b.layout, service)), content, 0o644, nil); err != nil {
			return err
		}
		b.sums[service] = sum(append(content, b.sums[service]...))
	}
	if err := systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	if err := systemctl(ctx, append([]string{"enable", "--quiet"}, unitsOf(b.layout)...)...); err != nil {
		return err
	}
	verb := "start"
	if b.RunsBy["hands"] != b.sums["hands"] {
		verb = "restart"
	}
	return systemctl(ctx, verb, unitName(b.layout, "hands"))
}

// isOurs reports whether a unit is there and is of this site: another site's folder
// may have the same name.
func isOurs(l layout, path string) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read unit: %w", err)
	}
	return bytes.Contains(content, []byte(" "+l.Etc()+":")), nil
}

// systemdDown stops the units, hands first: it would tell of each as of a loss. None
// of them stays.
func systemdDown(ctx context.Context, l layout) error {
	if err := checkSystemd(); err != nil {
		return err
	}
	var there []string
	for _, name := range slices.Backward(unitsOf(l)) {
		ours, err := isOurs(l, filepath.Join(units, name))
		if err != nil {
			return err
		}
		if ours {
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return nil
	}
	if err := systemctl(ctx, append([]string{"disable", "--quiet", "--now"}, there...)...); err != nil {
		return err
	}
	for _, name := range there {
		if err := os.Remove(filepath.Join(units, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove unit: %w", err)
		}
	}
	return systemctl(ctx, "daemon-reload")
}

func systemctl(ctx context.Context, args ...string) error {
	if out, err := command(ctx, append([]string{"/usr/bin/systemctl"}, args...)...).CombinedOutput(); err != nil {
		return problem(chain.Say("site.systemctl_failed", "verb", args[0], "error", err), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	return nil
}
