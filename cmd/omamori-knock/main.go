// Command omamori-knock hears knocks, and asks the door's half of omamori-hands to let
// in those who may come.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// version is set by the build.
var version = "dev"

const (
	exitTrouble = 1 // something in the system
	exitUsage   = 2 // the command line
)

// receiveBuffer holds the packets of some milliseconds of a flood, so that a knock among
// them is not lost while we are not running.
const receiveBuffer = 1 << 20

func main() { os.Exit(run(os.Args[1:])) }

// options are what the command line says.
type options struct {
	key, signers, door, listen string
	version                    bool
	now                        func() time.Time // nil is the system's clock
}

func run(args []string) int {
	lang := words.FromEnv()
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Println(lang.Text("knock.help"))
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "omamori-knock: %v\n%s\n", err, lang.Text("knock.help"))
		return exitUsage
	case o.version:
		fmt.Println("omamori-knock", version)
		return 0
	}
	// It is to be there when nothing else has memory any more, and to leave the others theirs.
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	debug.SetGCPercent(20)
	if err := serve(o); err != nil {
		fmt.Fprintln(os.Stderr, "omamori-knock:", lang.Say(chain.ErrorText(err)))
		return exitTrouble
	}
	return 0
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("omamori-knock", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.key, "key", "/etc/omamori/door.key", "")
	f.StringVar(&o.signers, "signers", hands.DefaultSigners, "")
	f.StringVar(&o.door, "door", hands.DefaultDoorSocket, "")
	f.StringVar(&o.listen, "listen", fmt.Sprintf(":%d", knock.DefaultPort), "")
	f.BoolVar(&o.version, "version", false, "")
	err := f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, err
}

func serve(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	key, err := knock.LoadKey(o.key)
	if err != nil {
		return err
	}
	signers := &signersFile{path: o.signers, log: log}
	if _, err := signers.read(); err != nil {
		return err
	}
	address, err := net.ResolveUDPAddr("udp", o.listen)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return fmt.Errorf("listen for knocks: %w", err)
	}
	defer conn.Close()
	_ = conn.SetReadBuffer(receiveBuffer) // as much as the system allows
	d := &doorHalf{socket: o.door}
	defer d.close()
	s := &knock.Server{
		Key: key, Door: d, Signers: signers.read, Now: o.now,
		Tell: func(s knock.Sums) {
			log.Info("packets", "all", s.Packets, "foreign", s.Foreign, "again", s.Again, "too_many", s.Over,
				"unproved", s.Unproved, "refused", s.Refused, "challenged", s.Challenged, "granted", s.Granted)
		},
		Opened: func(l door.Lease) {
			log.Info("let in", "who", l.Who, "from", l.From, "ports", l.Ports, "until", l.Until, "key", l.Key, "lease", l.ID)
		},
		Failed: func(err error) { log.Error("the door cannot be asked", "error", err) },
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady) // without systemd nobody waits
	return s.Serve(ctx, conn)
}
