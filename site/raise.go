package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/linux"
)

// raise goes from nothing, or from wherever an earlier one was interrupted, to a site
// that answers. Each step looks for its own outcome first.
func (b *build) raise(ctx context.Context) error {
	if err := b.leaveHands(ctx); err != nil {
		return err
	}
	b.tell(chain.Say("site.step_files", "dir", b.dir))
	if err := b.furnish(); err != nil {
		return err
	}
	if err := b.makeDatabase(ctx); err != nil {
		return err
	}
	if err := b.startAll(ctx); err != nil {
		return err
	}
	if err := b.install(ctx); err != nil {
		return err
	}
	if err := b.writeGuardFile(); err != nil {
		return err
	}
	if err := writeSettings(b.layout, b.settings); err != nil {
		return err
	}
	b.tell(chain.Say("site.step_look", "url", b.url()))
	return b.visit(ctx)
}

// makeDatabase makes the folder of MariaDB's data: aside, and moved to its place once
// it is whole.
func (b *build) makeDatabase(ctx context.Context) error {
	if _, err := os.Stat(b.DB()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.tell(chain.Say("site.step_database"))
	// The programs of an Up that was killed may write for a moment longer: another name
	// each time, and patience with the old ones.
	err := await(ctx, "the end of an earlier run", func() (bool, error) {
		left, err := filepath.Glob(b.at("db.new*"))
		if err != nil {
			return false, err
		}
		for _, dir := range left {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		if errors.Is(err, unix.ENOTEMPTY) {
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	aside, err := os.MkdirTemp(b.dir, "db.new")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := makeDir(aside, 0o700, b.mysql); err != nil {
		return err
	}
	cmd := command(ctx, b.programs.installDB, "--defaults-file="+b.at("etc", "my.cnf"), "--user=mysql", "--datadir="+aside,
		"--auth-root-authentication-method=socket", "--skip-test-db")
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return problem(chain.Say("site.database_failed", "error", err),
			chain.Say("site.see_log", "path", b.at("log", "mariadb.log"), "line", tail(out)))
	}
	if err := os.Rename(aside, b.DB()); err != nil {
		return fmt.Errorf("put database into its place: %w", err)
	}
	return nil
}

// command is a program that does not outlive us, nor do its own programs outlive ctx.
func command(ctx context.Context, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/"}
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
	cmd.SysProcAttr.Setpgid = true
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// startAll starts the services one after another, each when the one before answers.
func (b *build) startAll(ctx context.Context) error {
	if b.WithSystemd {
		if err := b.systemdUp(ctx); err != nil {
			return err
		}
	} else if b.RunsBy["hands"] != b.sums["hands"] {
		if err := renewHands(ctx, b.layout); err != nil {
			return err
		}
	}
	c, err := b.hands(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := b.runsBy("hands"); err != nil {
		return err
	}
	if err := b.start(ctx, c, "mariadb", "unix", b.SQLSocket()); err != nil {
		return err
	}
	if err := b.grant(ctx); err != nil {
		return err
	}
	if err := b.start(ctx, c, "php", "unix", b.PHPSocket()); err != nil {
		return err
	}
	p, err := c.Process(ctx, "nginx")
	if err != nil {
		return err
	}
	if !p.Running {
		if err := b.portIsFree(ctx); err != nil {
			return err
		}
	}
	b.Listening = b.Address // noted first: interrupted, its port is known to be ours
	if err := writeSettings(b.layout, b.settings); err != nil {
		return err
	}
	return b.start(ctx, c, "nginx", "tcp", b.local())
}

// runsBy notes that a service now runs by its present files.
func (b *build) runsBy(service string) error {
	b.RunsBy[service] = b.sums[service]
	return writeSettings(b.layout, b.settings)
}

// local is where nginx is reached from this machine.
func (b *build) local() string {
	_, address := b.listen()
	if port, any := strings.CutPrefix(address, "0.0.0.0:"); any {
		return "127.0.0.1:" + port
	}
	return address
}

// start starts a service unless it runs by its present file, and waits until it
// answers.
func (b *build) start(ctx context.Context, c *hands.Client, service, network, address string) error {
	p, err := c.Process(ctx, service)
	if err != nil {
		return err
	}
	verb := chain.Start
	if p.Running && b.RunsBy[service] != b.sums[service] {
		verb = chain.Restart
	}
	if !p.Running || verb == chain.Restart {
		b.tell(chain.Say("site.step_start", "service", service))
		if err := b.do(ctx, c, chain.Deed{Verb: verb, Service: service}); err != nil {
			return err
		}
	}
	err = await(ctx, service, func() (bool, error) {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
		if err == nil {
			return true, conn.Close()
		}
		p, err := c.Process(ctx, service)
		if err == nil && !p.Running {
			err = b.failed(service, fmt.Sprintf("signal %d, exit %d", p.Signal, p.Code))
		}
		return false, err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return b.failed(service, err.Error())
	}
	if err != nil {
		return err
	}
	return b.runsBy(service)
}

// do has hands do a deed. Where hands is still at one that an interrupted Up, or the
// guard, has asked for, it is waited for.
func (b *build) do(ctx context.Context, c *hands.Client, d chain.Deed) error {
	return await(ctx, d.Service, func() (bool, error) {
		done, err := c.Do(ctx, d)
		if refused, ok := errors.AsType[*hands.Refused](err); ok && refused.Text.Key == "hands.busy" {
			return false, nil
		}
		if err == nil && done.Error != "" {
			err = b.failed(d.Service, done.Error)
		}
		return true, err
	})
}

// failed says that a service does not run, with the end of its log.
func (b *build) failed(service, why string) error {
	path := b.at("log", service+".log")
	line := lastLine(path, 0)
	if line == "" {
		path = b.at("log", service+".out")
		line = lastLine(path, 0)
	}
	return problem(chain.Say("site.service_failed", "service", service, "error", why), chain.Say("site.see_log", "path", path, "line", line))
}

// visit asks for the front page as a visitor does, who may get here by other ways.
func (b *build) visit(ctx context.Context) error {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", b.local())
	}}
	defer t.CloseIdleConnections()
	client := &http.Client{Transport: t, Timeout: 30 * time.Second}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url(), http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("visit the site: %w", err)
	}
	defer answer.Body.Close()
	const page = 4 << 20
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, page)); err != nil {
		return fmt.Errorf("visit the site: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return problem(chain.Say("site.bad_answer", "url", b.url(), "status", answer.Status),
			chain.Say("site.see_log", "path", b.at("log", "php.log"), "line", lastLine(b.at("log", "php.log"), 0)))
	}
	return nil
}
