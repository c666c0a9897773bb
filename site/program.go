package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
)

// A service that was taken over must not choose what root runs: its program is asked for
// its settings as whoever runs it, and only if nobody but root could have written it.

// measureTime bounds a program that is asked for its configuration.
const measureTime = 10 * time.Second

func (o *owner) root() bool { return o == nil || o.uid == 0 }

// runsAs is whom a service runs as: as hands' file has it, or else its process.
func runsAs(s hands.Service, p *proc) (*owner, error) {
	switch {
	case s.Child != nil && s.Child.User != "":
		return findUser(s.Child.User)
	case s.Child == nil && p != nil:
		return &p.user, nil
	}
	return nil, nil
}

// anybody is the first of these users that there is.
func anybody(names ...string) (who *owner, err error) {
	for _, name := range names {
		who, err = findUser(name)
		if _, none := errors.AsType[user.UnknownUserError](err); !none {
			break
		}
	}
	return who, err
}

// programOf is the program that a process runs.
func programOf(service string, pid int) (string, error) {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	program = strings.TrimSuffix(program, " (deleted)") // replaced by an upgrade
	if err == nil {
		err = hands.Owned(program)
	}
	if _, foreign := errors.AsType[*hands.Refused](err); foreign {
		return "", problem(chain.Say("site.tune_foreign", "program", program, "service", service), chain.Text{})
	}
	if err != nil {
		return "", problem(chain.Say("site.tune_unread", "program", program, "error", err), chain.Text{})
	}
	return program, nil
}

// output runs a program without a shell and gives all that it said.
func output(ctx context.Context, who *owner, argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	cmd := command(ctx, argv...)
	if !who.root() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
	}
	return cmd.CombinedOutput()
}
