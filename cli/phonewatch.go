package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/vault"
)

// unwatched are the accounts that no link of the guard is for.
func (m *mover) unwatched(accounts []vault.Entry) []vault.Entry {
	return slices.DeleteFunc(slices.Clone(accounts), func(e vault.Entry) bool { _, ok := m.links[e.ID]; return ok })
}

// join has the accounts that no link is for watched by the guard, if the owner wishes, and
// makes them a goal: else what is left of them would be a break on no margin. It reports
// whether the guard knows more links now.
func (m *mover) join(ctx context.Context, path string, accounts []vault.Entry) (joined bool, err error) {
	a := m.a
	all := m.unwatched(accounts)
	if len(all) == 0 || m.state.Unwatched || path == "" {
		return false, nil
	}
	path, before, after, err := m.joined(path, all)
	if err != nil {
		return false, nil // it cannot be done for the owner: at the end he is told what to write
	}
	w := a.style(a.Out)
	fmt.Fprintln(w, wrap(a.say("cli.move_join", "n", len(all), "path", path), width(a.Out), 0))
	for _, e := range all {
		fmt.Fprintf(w, "  %s\n", e.Title())
	}
	for {
		fmt.Fprint(w, a.say("cli.ask", "question", a.say("cli.move_join_ask"))+" ")
		line, more, err := nextLine(ctx, m.in)
		if !more || err != nil {
			fmt.Fprintln(w)
			return false, err
		}
		if yes, ok := a.yes(line); ok && !yes {
			m.state.Unwatched = true
			return false, m.save()
		} else if ok {
			break
		}
	}
	if err := replaceFile(path, before, after); err != nil {
		return false, err
	}
	if _, err := m.guard.Reload(ctx); err != nil {
		return false, errors.Join(err, replaceFile(path, after, before))
	}
	return true, nil
}

// joined is the configuration with a link for each account, and a goal of them all. What
// would be no configuration is an error.
func (m *mover) joined(path string, all []vault.Entry) (real string, before, after []byte, err error) {
	if real, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, nil, err
	}
	if before, err = os.ReadFile(real); err != nil {
		return "", nil, nil, err
	}
	file, problems := config.Parse(real, before, m.a.Config)
	if len(problems) > 0 {
		return "", nil, nil, errors.New("not as it was read")
	}
	device := m.state.Device
	if !chain.ValidName(device) {
		return "", nil, nil, errors.New("no name of a thing")
	}
	names := file.Chain.AllNames()
	free := func(name string) string {
		if !chain.ValidName(name) {
			name = "account-" + device
		}
		for n, base := 2, name; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		names = append(names, name)
		return name
	}
	var links, way []string
	needs := ""
	if slices.ContainsFunc(file.Chain.Model().Things, func(t chain.Thing) bool { return t.Name == device }) {
		needs = ", needs: [" + device + "]"
	} else if !slices.Contains(names, device) {
		needs = ", needs: [" + device + "]"
		if after, err = insert(before, "things", []string{device + ": {}"}); err != nil {
			return "", nil, nil, err
		}
		names = append(names, device)
	}
	if after == nil {
		after = before
	}
	for _, e := range all {
		name := free(e.Name + "-" + device)
		way = append(way, name)
		links = append(links, fmt.Sprintf("%s: {kind: totp, entry: %q, device: %s%s}", name, e.Name, device, needs))
	}
	if after, err = insert(after, "links", links); err != nil {
		return "", nil, nil, err
	}
	after, err = insert(after, "goals", []string{fmt.Sprintf("%s: {title: %q, ways: {%s: [%s]}}", free("accounts-"+device),
		m.a.say("cli.move_goal", "device", device), free("codes-"+device), strings.Join(way, ", "))})
	if err != nil {
		return "", nil, nil, err
	}
	if _, problems := config.Parse(real, after, m.a.Config); len(problems) > 0 {
		return "", nil, nil, fmt.Errorf("%v", problems)
	}
	return real, before, after, nil
}

// insert adds lines to a section of a configuration, before those that it has, so that
// everything that the owner wrote stays as it is. A section that is no block is an error.
func insert(text []byte, section string, lines []string) ([]byte, error) {
	head := regexp.MustCompile(`(?m)^` + section + `:[ \t]*(#.*)?\r?$`)
	at := head.FindIndex(text)
	indent := "  "
	if at == nil {
		if regexp.MustCompile(`(?m)^["']?` + section + `["']?[ \t]*:`).Match(text) {
			return nil, errors.New("written in another way")
		}
		out := bytes.TrimRight(text, "\n")
		return fmt.Appendf(slices.Clone(out), "\n%s:\n%s%s\n", section, indent, strings.Join(lines, "\n"+indent)), nil
	}
	for line := range strings.Lines(string(text[at[1]:])) {
		body := strings.TrimLeft(line, " ")
		if strings.TrimSpace(body) == "" || strings.HasPrefix(body, "#") {
			continue
		}
		if n := len(line) - len(body); n > 0 {
			indent = line[:n]
		}
		break
	}
	out := slices.Clone(text[:at[1]])
	for _, l := range lines {
		out = append(append(append(out, '\n'), indent...), l...)
	}
	return append(out, text[at[1]:]...), nil
}

// replaceFile puts a file in the place of one that still holds what was read, with its mode
// and owner.
func replaceFile(path string, was, content []byte) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, was) {
		return errors.Join(err, &Problem{Text: chain.Say("cli.file_changed", "path", path)})
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".omamori-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		owner := st.Sys().(*syscall.Stat_t)
		err = errors.Join(f.Chown(int(owner.Uid), int(owner.Gid)), f.Chmod(st.Mode().Perm()), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what failed before is what matters
	}
	return err
}
