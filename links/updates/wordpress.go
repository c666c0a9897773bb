package updates

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/wpdb"
)

// errNotLooked says that WordPress itself has not looked for updates lately.
var errNotLooked = errors.New("WordPress has not looked for updates")

// notLooked is when WordPress, which looks twice a day, has stopped to.
const notLooked = 7 * day

// wordpress reads what WordPress found out of its own updates. Nobody else is asked.
func (l *link) wordpress(ctx context.Context, now time.Time) ([]waiting, error) {
	db, err := wpdb.Open(ctx, l.source)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	const names = "('_site_transient_update_core', '_site_transient_update_plugins', '_site_transient_update_themes')"
	rows, err := db.Rows(ctx, "SELECT option_name, option_value FROM "+db.Table("options")+" WHERE option_name IN "+names, 3)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 { // a network of sites keeps them elsewhere; one site has no such table
		if rows, err = db.Rows(ctx, "SELECT meta_key, meta_value FROM "+db.Table("sitemeta")+" WHERE meta_key IN "+names, 3); err != nil {
			return nil, errNotLooked
		}
	}
	var all []waiting
	var looked time.Time
	for _, row := range rows {
		v, err := unserialize(row[1])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", row[0], err)
		}
		found, at := behind(row[0], v, l.packaged(ctx))
		all = append(all, found...)
		if at.After(looked) {
			looked = at
		}
	}
	if now.Sub(looked) > notLooked {
		return all, errNotLooked
	}
	return all, nil
}

// packaged is the version of the distribution's package of WordPress, "" if there is none.
func (l *link) packaged(ctx context.Context) string {
	c := exec.CommandContext(ctx, "dpkg-query", "--admindir="+filepath.Join(l.root, "var/lib/dpkg"), "-W", "-f=${db:Status-Status} ${Version}", "wordpress")
	c.WaitDelay = time.Second
	out, err := c.Output()
	version, ok := strings.CutPrefix(string(out), "installed ")
	if err != nil || !ok {
		return ""
	}
	return version
}

// behind reads one of the three transients: what waits, and when WordPress looked. A
// WordPress that is a package is mended by the distribution, and its updates come by apt.
func behind(name string, v any, packaged string) (all []waiting, looked time.Time) {
	m, _ := v.(map[string]any)
	if at, ok := m["last_checked"].(int64); ok {
		looked = time.Unix(at, 0)
	}
	if name == "_site_transient_update_core" {
		from, _ := m["version_checked"].(string)
		if from == packaged || from != "" && strings.HasPrefix(packaged, from) && strings.ContainsAny(packaged[len(from):len(from)+1], "+-~") {
			return nil, looked
		}
		offers, _ := m["updates"].(map[string]any)
		for _, offer := range offers {
			o, _ := offer.(map[string]any)
			// "autoupdate" offers repeat what is offered as "upgrade".
			if to, ok := o["current"].(string); ok && o["response"] == "upgrade" && to != from {
				all = append(all, waiting{change("WordPress", from, to), "wordpress"})
			}
		}
		return all, looked
	}
	checked, _ := m["checked"].(map[string]any)
	response, _ := m["response"].(map[string]any)
	for which, offer := range response {
		o, _ := offer.(map[string]any)
		from, _ := checked[which].(string)
		if to, ok := o["new_version"].(string); ok && to != from {
			all = append(all, waiting{change(which, from, to), "wordpress"})
		}
	}
	return all, looked
}
