package discover

import (
	"path"
	"strings"

	"github.com/omamori-guard/omamori/hands"
)

// tunes are the files by which a service may be tuned: drop-ins where Debian has a folder
// for them, and only for a service that is configured as Debian has it.
func (f *Found) tunes(s Service) (all []hands.Tune) {
	switch {
	case s.kindOf() == "mariadb" && s.config == "":
		all = append(all, hands.Tune{Form: hands.FormMariaDB, File: "/etc/mysql/mariadb.conf.d/zz-omamori.cnf"})
	case s.kindOf() == "php" && (s.config == "" || s.config == fpmConfig(s)):
		for _, p := range f.Pools {
			if p.service != s.Name || !plainName(p.Name) {
				continue
			}
			all = append(all, hands.Tune{Form: hands.FormFPM, Pool: p.Name,
				File: path.Join(path.Dir(fpmConfig(s)), "pool.d", "zz-omamori-"+p.Name+".conf")})
		}
	}
	if s.Systemd != "" && s.kindOf() != "ssh" { // without which nobody gets in
		all = append(all, hands.Tune{Form: hands.FormUnit, File: "/etc/systemd/system/" + s.Systemd + ".d/zz-omamori.conf"})
	}
	return all
}

// fpmConfig is where Debian has the configuration of a PHP-FPM.
func fpmConfig(s Service) string {
	return "/etc/php/" + strings.TrimPrefix(s.Process, "php-fpm") + "/fpm/php-fpm.conf"
}

// plainName: what may be part of a file's name, and hands take as that of a pool.
func plainName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
}
