package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cli"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/discover"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/light"
)

// run guards until ctx is done. Everything that needs root comes first; from
// becomeUser on, the process is an ordinary one.
func run(ctx context.Context, o cli.RunOptions, say func(chain.Text)) error {
	budget(0)

	log := logger(o.Debug)
	file, err := load(ctx, o)
	if err != nil {
		return err
	}
	budget(len(file.Links))
	who, err := chooseUser(o.User)
	if err != nil {
		return err
	}
	if err := ownState(o.State, who); err != nil {
		return err
	}
	settings, _ := file.Sections["hands"].(*handsSettings)
	settings = orTheUnit(settings)
	k, noHands, err := connectHands(ctx, settings)
	if err != nil {
		log.Warn("reach omamori-hands", "error", o.Lang.Say(chain.ErrorText(err)))
		k = &keeper{failing: err}
		if settings != nil && settings.Socket != "" {
			k.connect = connector(settings.Socket)
		}
	}
	socket, err := control.Listen(o.Socket, who.uid)
	if err != nil {
		return err
	}
	defer socket.Close()
	letters, err := control.ListenLetters(control.LettersPath(o.Socket), who.uid)
	if err != nil {
		return err
	}
	defer letters.Close()
	p := listenPage(file, log)
	if p.listeners != nil {
		defer p.listeners.Close()
	}
	if err := becomeUser(who, o.State); err != nil {
		return err
	}

	j, err := journal.Open(o.State, journal.Options{Syslog: syslogLine(log)})
	if err != nil {
		return err
	}
	teller := newTeller(file, j, log)
	g := options(file, j, k, teller, p, o, log)
	g.NoHands = noHands
	openVantage(&g, o.State, log)
	main := guard.New(g)
	s := &control.Server{Guard: main, Peers: main, Due: main, Journal: j, TestNotify: teller.test, Log: log}
	handler, err := p.open(s, main, j, o.State)
	if err != nil {
		log.Error("open the page", "error", err)
		p.why = chain.ErrorText(err)
	}
	following, leave := context.WithCancel(ctx)
	var follower sync.WaitGroup
	follower.Go(func() { followDoor(following, j, hands.DefaultDoorSocket, log) })
	err = serve(ctx, main, s, sockets{socket, letters}, teller, p, handler, say, file)
	leave()
	follower.Wait()
	if k != nil {
		k.Close()
	}
	return errors.Join(err, j.Close())
}

// budget sets how much memory the guard takes for so many links. It must outlive what
// it heals, on a machine without memory: it collects often rather than grow. For very
// many links that would cost more than the guarding; a limit above what they need is
// met only when something grows.
func budget(links int) {
	const few, many, each = 50, 1000, 4 << 10
	debug.SetGCPercent(25)
	if links > many {
		debug.SetGCPercent(100)
	}
	debug.SetMemoryLimit(20<<20 + int64(max(0, links-few))*each)
}

func options(file *config.File, j *journal.Journal, k *keeper, t *teller, p *page, o cli.RunOptions, log *slog.Logger) guard.Options {
	g := guard.Options{
		Config: file, Journal: j, Tell: t.tell, Log: log, Version: version,
		Load: func() (*config.File, error) {
			file, err := load(context.Background(), o)
			if err == nil {
				budget(len(file.Links))
				t.use(file)
				p.use(file)
			}
			return file, err
		},
		ReadMail: mailReader(beside("omamori-mail")), SignedIn: signedIn, ConfirmAt: p.confirmAt,
		Phase: time.Duration(rand.Int64N(int64(time.Hour))),
		Name:  hostName(),
	}
	if k != nil { // a nil *keeper in the interface would look like hands
		g.Hands = k
	}
	return g
}

// sockets are where a guard answers.
type sockets struct{ control, letters *net.UnixListener }

// serve runs the guard and everything beside it, and waits for all of it.
func serve(ctx context.Context, g *guard.Guard, s *control.Server, l sockets, t *teller, p *page, h http.Handler, say func(chain.Text), file *config.File) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	var beside sync.WaitGroup
	var served error
	beside.Go(func() {
		defer cancel()
		served = s.Serve(ctx, l.control)
	})
	beside.Go(func() {
		if err := control.ServeLetters(ctx, l.letters, g.Letter); err != nil {
			s.Log.Error("take letters", "error", err)
		}
	})
	beside.Go(func() { t.run(ctx) })
	beside.Go(func() { light.Start(ctx) })
	beside.Go(func() { p.serve(ctx, h, say) })
	beside.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				if err := g.Reload(ctx); err != nil {
					say(chain.Say("guard.config_refused", "error", chain.ErrorText(err)))
				}
			}
		}
	})
	say(chain.Say("run.guarding", "path", file.Path, "links", len(file.Links)))
	err := g.Run(ctx)
	cancel()
	beside.Wait()
	return errors.Join(err, served)
}

// load reads the configuration that o names, or drafts one of what discovery
// finds where there is none.
func load(ctx context.Context, o cli.RunOptions) (*config.File, error) {
	path, err := config.Find(o.Config)
	var file *config.File
	var problems []config.Problem
	if err != nil {
		if o.Config != "" || !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		found, err := discover.Look(ctx, discover.Options{})
		if err != nil {
			return nil, err
		}
		draft, err := found.Draft(o.Lang, nil)
		if err != nil {
			return nil, err
		}
		file, problems = config.Parse("", draft, configOptions())
	} else if file, problems, err = config.Load(path, configOptions()); err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		p := problems[0]
		return nil, &cli.Problem{Usage: true,
			Text: chain.Say("run.config_bad", "path", path, "line", p.Line, "first", p.Text, "n", len(problems)),
			Hint: chain.Say("run.config_bad_hint", "path", path)}
	}
	return file, nil
}

func logger(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// syslogLine writes a record that the journal could not take where the system
// keeps its own.
func syslogLine(log *slog.Logger) func(string) {
	return func(line string) {
		if err := toSyslog(line); err != nil {
			log.Error(fmt.Sprintf("journal: %s", line))
		}
	}
}
