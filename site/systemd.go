package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"

	"github.com/omamori-guard/omamori/chain"
)

// units is where a machine's owner keeps units.
const units = "/etc/systemd/system"

// unitName is the unit of one of a site's services.
func unitName(l layout, service string) string {
	return "omamori-site-" + filepath.Base(l.dir) + "-" + service + ".service"
}

// unitsOf are a site's units, in the order of their start.
func unitsOf(l layout) []string {
	var all []string
	for _, service := range []string{"mariadb", "php", "nginx", "hands"} {
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
	}{build: b, Service: service, Families: "AF_UNIX"}
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
		u.Writes = []string{b.Run()}
		u.Capabilities = "CAP_KILL CAP_CHOWN CAP_DAC_OVERRIDE CAP_SYS_PTRACE CAP_SYSLOG"
	}
	var out bytes.Buffer
	if err := t.Execute(&out, u); err != nil {
		return nil, fmt.Errorf("fill unit of %s: %w", service, err)
	}
	return out.Bytes(), nil
}

// systemdUp writes the units and starts them; hands comes last, and finds them
// running.
func (b *build) systemdUp(ctx context.Context) error {
	b.tell(chain.Say("site.step_units", "dir", units))
	changed := false
	for _, service := range []string{"mariadb", "php", "nginx", "hands"} {
		content, err := b.unit(service)
		if err != nil {
			return err
		}
		path := filepath.Join(units, unitName(b.layout, service))
		old, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read unit: %w", err)
		}
		if err == nil && !bytes.Contains(old, []byte(b.dir+"/")) {
			return problem(chain.Say("site.foreign_unit", "path", path), chain.Text{})
		}
		wrote, err := writeFile(path, content, 0o644, nil)
		if err != nil {
			return err
		}
		changed = changed || wrote
		if wrote && service != "hands" {
			b.changed[service] = true
		}
	}
	if changed {
		if err := systemctl(ctx, "daemon-reload"); err != nil {
			return err
		}
	}
	names := unitsOf(b.layout)
	if err := systemctl(ctx, append([]string{"enable", "--quiet"}, names...)...); err != nil {
		return err
	}
	verb := "start"
	if changed || b.handsChanged {
		verb = "restart"
	}
	return systemctl(ctx, verb, unitName(b.layout, "hands"))
}

// systemdDown stops the units, hands first: it would tell of each as of a loss.
func systemdDown(ctx context.Context, l layout) error {
	if err := checkSystemd(); err != nil {
		return err
	}
	names := unitsOf(l)
	var there []string
	for i := len(names) - 1; i >= 0; i-- {
		if _, err := os.Stat(filepath.Join(units, names[i])); err == nil {
			there = append(there, names[i])
		}
	}
	if len(there) == 0 {
		return nil
	}
	return systemctl(ctx, append([]string{"disable", "--quiet", "--now"}, there...)...)
}

func systemctl(ctx context.Context, args ...string) error {
	if out, err := command(ctx, append([]string{"/usr/bin/systemctl"}, args...)...).CombinedOutput(); err != nil {
		return problem(chain.Say("site.systemctl_failed", "verb", args[0], "error", err), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	return nil
}
