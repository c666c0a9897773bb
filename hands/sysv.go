package hands

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// script runs a service by service(8), which knows its script in /etc/init.d.
type script struct {
	name    string
	command []string // to which the verb is added
	pidFile string
}

func newScript(name, pidFile string) *script {
	const program = "/usr/sbin/service"
	s := &script{name: name, command: []string{program, name}, pidFile: pidFile}
	if _, err := os.Stat(program); err != nil {
		s.command = []string{"/etc/init.d/" + name}
	}
	return s
}

func (s *script) find(context.Context) (*tracked, error) { return trackPIDFile(s.pidFile) }

func (s *script) start(ctx context.Context, old *tracked) error {
	if err := endOrphans(ctx, old); err != nil {
		return err
	}
	return s.run(ctx, "start")
}

func (s *script) stop(ctx context.Context, now *tracked) error {
	err := s.run(ctx, "stop")
	if now == nil {
		return err
	}
	// Some scripts return before the daemon has ended; some cannot end it.
	if !now.alive() || waitEnd(ctx, now, defaultStopTimeout) {
		return endOrphans(ctx, now)
	}
	return s.kill(ctx, now)
}

func (s *script) kill(ctx context.Context, now *tracked) error {
	if err := end(ctx, now, unix.SIGKILL, 0); err != nil {
		return err
	}
	return endOrphans(ctx, now)
}

func (s *script) say(_ context.Context, e *chain.Evidence) {
	e.Manager, e.Unit = "service", s.name
}

// run runs the script. Its output goes to memory rather than through a pipe, which
// the daemon would hold open.
func (s *script) run(ctx context.Context, verb string) error {
	argv := append(slices.Clone(s.command), verb)
	fd, err := linux.MemfdCreate("service", linux.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("make file in memory: %w", err)
	}
	out := os.NewFile(uintptr(fd), "output")
	defer out.Close()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := withPlainScore(cmd.Start); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	if err := cmd.Wait(); err != nil {
		b, _ := io.ReadAll(io.NewSectionReader(out, 0, maxTail)) //nolint:errcheck // what there is will do
		said := ""
		if lines := splitLines(b); len(lines) > 0 {
			said = ": " + lines[len(lines)-1]
		}
		return fmt.Errorf("%s: %w%s", strings.Join(argv, " "), err, said)
	}
	return nil
}
