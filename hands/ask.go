package hands

import (
	"context"
	"fmt"
	"net"

	"github.com/omamori-guard/omamori/chain"
)

// Do has a deed done and returns when it is over. What went wrong with it stands in
// Done.Error; the error is for a deed that was refused (*Refused) or of which
// nothing is known, since the connection was lost or ctx is done: it may be carried
// out still.
func (c *Client) Do(ctx context.Context, d chain.Deed) (chain.Done, error) {
	a, err := c.ask(ctx, request{Op: opDo, Deed: d})
	if err != nil {
		return chain.Done{}, fmt.Errorf("%s %s: %w", d.Verb, d.Service, err)
	}
	if a.Done == nil {
		return chain.Done{}, fmt.Errorf("%s %s: empty reply", d.Verb, d.Service)
	}
	return *a.Done, nil
}

// Evidence reads what can be read of a service without changing it.
func (c *Client) Evidence(ctx context.Context, service string) (chain.Evidence, error) {
	a, err := c.ask(ctx, request{Op: opEvidence, Service: service})
	if err != nil {
		return chain.Evidence{}, fmt.Errorf("read evidence of %s: %w", service, err)
	}
	if a.Evidence == nil {
		return chain.Evidence{}, fmt.Errorf("read evidence of %s: empty reply", service)
	}
	return *a.Evidence, nil
}

// Names lists the services in the order of hands' file.
func (c *Client) Names(ctx context.Context) ([]string, error) {
	a, err := c.ask(ctx, request{Op: opNames})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return a.Names, nil
}

// Shutdown stops all children of hands, the last in its file first, and then hands
// itself. Only root may ask for it, over the socket.
func (c *Client) Shutdown(ctx context.Context) error {
	if _, err := c.ask(ctx, request{Op: opShutdown}); err != nil {
		return fmt.Errorf("shut hands down: %w", err)
	}
	return nil
}

// Process implements chain.Services.
func (c *Client) Process(ctx context.Context, service string) (chain.Process, error) {
	a, err := c.ask(ctx, request{Op: opProcess, Service: service})
	if err != nil {
		return chain.Process{}, fmt.Errorf("look at %s: %w", service, err)
	}
	if a.Process == nil {
		return chain.Process{}, fmt.Errorf("look at %s: empty reply", service)
	}
	return *a.Process, nil
}

// Watch implements chain.Services. It returns when ctx is done or the connection is
// lost. As ended is called from the goroutine that reads all replies, it must not
// ask hands for anything itself.
func (c *Client) Watch(ctx context.Context, service string, ended func()) error {
	c.mu.Lock()
	if c.watches[service] == nil {
		c.watches[service] = map[*func()]struct{}{}
	}
	c.watches[service][&ended] = struct{}{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watches[service], &ended)
	}()
	if _, err := c.ask(ctx, request{Op: opWatch, Service: service}); err != nil {
		return fmt.Errorf("watch %s: %w", service, err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return fmt.Errorf("watch %s: %w", service, c.err)
	}
}

// ReadFile implements chain.Services.
func (c *Client) ReadFile(ctx context.Context, path string) ([]byte, error) {
	a, err := c.ask(ctx, request{Op: opRead, Path: path})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return a.body, nil
}

// Dial implements chain.Services.
func (c *Client) Dial(ctx context.Context, path string) (net.Conn, error) {
	a, err := c.ask(ctx, request{Op: opDial, Path: path})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	if a.file == nil {
		return nil, fmt.Errorf("dial %s: empty reply", path)
	}
	defer a.file.Close() // FileConn has its own
	conn, err := net.FileConn(a.file)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	return conn, nil
}

// Tune has a tuning carried out, and returns when the services run with it. It is undone
// unless Keep is called in time. A *Refused means that nothing was done.
func (c *Client) Tune(ctx context.Context, t Tuning) error {
	if _, err := c.ask(ctx, request{Op: opTune, Tuning: &t}); err != nil {
		return fmt.Errorf("tune: %w", err)
	}
	return nil
}

// Keep makes the tuning last.
func (c *Client) Keep(ctx context.Context) error {
	if _, err := c.ask(ctx, request{Op: opKeep}); err != nil {
		return fmt.Errorf("keep the tuning: %w", err)
	}
	return nil
}

// Undo undoes the tuning now.
func (c *Client) Undo(ctx context.Context) error {
	if _, err := c.ask(ctx, request{Op: opUndo}); err != nil {
		return fmt.Errorf("undo the tuning: %w", err)
	}
	return nil
}

// Became says what became of a tuning.
func (c *Client) Became(ctx context.Context, id string) (Outcome, error) {
	a, err := c.ask(ctx, request{Op: opBecame, Tuning: &Tuning{ID: id}})
	if err != nil {
		return "", fmt.Errorf("ask what became of the tuning: %w", err)
	}
	return a.Outcome, nil
}
