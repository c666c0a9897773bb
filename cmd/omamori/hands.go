package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
)

// handsSettings say how hands are reached.
type handsSettings struct {
	Socket string `yaml:"socket" doc:"the Unix socket of an omamori-hands that runs already"`
	File   string `yaml:"file" doc:"the file that says what omamori-hands may touch, when omamori run starts it"`
}

const defaultHandsFile = "/etc/omamori/hands.json"

func handsSection() config.Section {
	return config.Section{Name: "hands", Settings: func() any { return &handsSettings{} }}
}

// orTheUnit gives settings for the hands that their own unit listens for, where a guard
// that is not root is told of no others.
func orTheUnit(s *handsSettings) *handsSettings {
	if os.Geteuid() == 0 || s != nil && s.Socket != "" || unix.Access(hands.DefaultSocket, unix.W_OK) != nil {
		return s
	}
	return &handsSettings{Socket: hands.DefaultSocket}
}

// connectHands reaches hands as the configuration says, or starts them if we are
// root. It returns nil where there are none to be had, and says what is missing.
func connectHands(ctx context.Context, s *handsSettings) (*keeper, chain.Text, error) {
	if s != nil && s.Socket != "" {
		k := &keeper{connect: connector(s.Socket)}
		if _, err := k.client(ctx); err != nil {
			return nil, chain.Text{}, err
		}
		return k, chain.Text{}, nil
	}
	file, missing := handsFile(s, defaultHandsFile, os.Geteuid() == 0)
	if file == "" {
		return nil, missing, nil
	}
	c, p, err := hands.Spawn(ctx, beside("omamori-hands"), file)
	if err != nil {
		return nil, chain.Text{}, err
	}
	return &keeper{now: c, spawned: p}, chain.Text{}, nil
}

// handsFile is the file that says what hands may touch, by default that at usual; ""
// where they cannot be started, with what is missing for that.
func handsFile(s *handsSettings, usual string, root bool) (string, chain.Text) {
	if !root {
		return "", chain.Say("run.hands_no_root")
	}
	if s != nil && s.File != "" {
		return s.File, chain.Text{}
	}
	if _, err := os.Stat(usual); errors.Is(err, fs.ErrNotExist) {
		return "", chain.Say("run.hands_no_file", "path", usual)
	}
	return usual, chain.Text{}
}

// connector makes connections to the hands that listen at socket.
func connector(socket string) func(context.Context) (*hands.Client, error) {
	return func(ctx context.Context) (*hands.Client, error) { return hands.Connect(ctx, socket) }
}

var _ guard.Tuner = (*keeper)(nil)

// keeper keeps a connection to hands, and makes a new one when it was lost. Hands
// that we started ourselves cannot be started again: we are not root any more.
type keeper struct {
	connect func(context.Context) (*hands.Client, error)
	spawned *os.Process // nil if we did not start them

	// mu protects the fields below.
	mu      sync.Mutex
	now     *hands.Client
	failing error
}

var errHandsGone = errors.New("omamori-hands has ended")

func (k *keeper) client(ctx context.Context) (*hands.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now != nil {
		select {
		case <-k.now.Done():
			k.now.Close()
			k.now = nil
		default:
			return k.now, nil
		}
	}
	if k.connect == nil {
		k.failing = errHandsGone
		return nil, errHandsGone
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	k.now, k.failing = k.connect(ctx)
	return k.now, k.failing
}

// Trouble says why hands cannot be reached, if they cannot.
func (k *keeper) Trouble() (chain.Text, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now != nil {
		select {
		case <-k.now.Done():
			return chain.Say("run.hands_gone", "error", chain.ErrorText(errHandsGone)), true
		default:
			return chain.Text{}, false
		}
	}
	return chain.Say("run.hands_gone", "error", chain.ErrorText(k.failing)), true
}

func (k *keeper) Do(ctx context.Context, d chain.Deed) (chain.Done, error) {
	c, err := k.client(ctx)
	if err != nil {
		return chain.Done{}, err
	}
	return c.Do(ctx, d)
}

func (k *keeper) Evidence(ctx context.Context, service string) (chain.Evidence, error) {
	c, err := k.client(ctx)
	if err != nil {
		return chain.Evidence{}, err
	}
	return c.Evidence(ctx, service)
}

func (k *keeper) Process(ctx context.Context, service string) (chain.Process, error) {
	c, err := k.client(ctx)
	if err != nil {
		return chain.Process{}, err
	}
	return c.Process(ctx, service)
}

func (k *keeper) Watch(ctx context.Context, service string, ended func()) error {
	c, err := k.client(ctx)
	if err != nil {
		return err
	}
	return c.Watch(ctx, service, ended)
}

func (k *keeper) ReadFile(ctx context.Context, path string) ([]byte, error) {
	c, err := k.client(ctx)
	if err != nil {
		return nil, err
	}
	return c.ReadFile(ctx, path)
}

func (k *keeper) Dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := k.client(ctx)
	if err != nil {
		return nil, err
	}
	return c.Dial(ctx, path)
}

func (k *keeper) Tune(ctx context.Context, t hands.Tuning) error {
	c, err := k.client(ctx)
	if err != nil {
		return err
	}
	return c.Tune(ctx, t)
}

func (k *keeper) Keep(ctx context.Context) error {
	c, err := k.client(ctx)
	if err != nil {
		return err
	}
	return c.Keep(ctx)
}

func (k *keeper) Undo(ctx context.Context) error {
	c, err := k.client(ctx)
	if err != nil {
		return err
	}
	return c.Undo(ctx)
}

func (k *keeper) Became(ctx context.Context, id string) (hands.Outcome, error) {
	c, err := k.client(ctx)
	if err != nil {
		return "", err
	}
	return c.Became(ctx, id)
}

func (k *keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.now != nil {
		err = k.now.Close()
	}
	if k.spawned != nil { // it ends when it has nobody to serve
		_, e := k.spawned.Wait()
		err = errors.Join(err, e)
	}
	return err
}
