package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/linux"
)

const (
	// longest bounds one request, whatever the caller's patience.
	longest = 90 * time.Second
	// maxAnswer bounds what is read, in bytes: sixty rules are a tenth of it.
	maxAnswer = 1 << 20
)

// Client asks. The zero Client has the program answer that lies beside this one.
type Client struct {
	// Run carries a request to who answers, and the answer back.
	Run func(ctx context.Context, request []byte) (answer []byte, err error)
}

// Program asks a program by its path.
func Program(path string) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, request []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		var out limited
		cmd := exec.CommandContext(ctx, path)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &out, io.Discard
		cmd.WaitDelay = time.Second
		cmd.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
		err := cmd.Run()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, exec.ErrNotFound):
			return nil, &Error{Code: NoProgram, Name: path}
		case errors.Is(err, errLong):
			return nil, &Error{Code: Refused, Text: err.Error()}
		}
		return out.all.Bytes(), nil // what is wrong stands in the answer
	}
}

// limited takes no more than maxAnswer: whoever writes on ends. The buffer is not
// embedded, or its ReadFrom would be used instead, which has no bound.
type limited struct{ all bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if l.all.Len()+len(b) > maxAnswer {
		return 0, errLong
	}
	return l.all.Write(b)
}

var errLong = errors.New("the answer is too long")

// beside is the path of omamori-aws: in the folder of this program.
func beside() string {
	const name = "omamori-aws"
	self, err := os.Executable()
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), name)
}

// ask asks one thing. Errors are of the type *Error, or those of ctx.
func ask[A any](ctx context.Context, c Client, do string, access Access, with any) (result A, err error) {
	r := Request{Do: do, Access: access}
	if r.With, err = json.Marshal(with); err != nil {
		return result, err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return result, err
	}
	run := c.Run
	if run == nil {
		run = Program(beside())
	}
	b, err = run(ctx, b)
	if err != nil {
		return result, err
	}
	return result, read(b, &result)
}

// read reads an answer, into a result if it is one.
func read(b []byte, result any) error {
	var a Answer
	if err := json.Unmarshal(b, &a); err != nil {
		return &Error{Code: Refused, Text: "the answer cannot be read"}
	}
	if a.Error != nil {
		return a.Error
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		return &Error{Code: Refused, Text: "the answer cannot be read"}
	}
	return nil
}

// Address is the one that this machine's connections come from, as AWS sees it.
func (c Client) Address(ctx context.Context) (netip.Addr, error) {
	return ask[netip.Addr](ctx, c, DoAddress, Access{}, Nothing{})
}

// Groups reads the security groups of a target, with their rules.
func (c Client) Groups(ctx context.Context, a Access, t Target) ([]Group, error) {
	return ask[[]Group](ctx, c, DoGroups, a, t)
}

// Open makes or renews a lease, and waits until AWS shows it.
func (c Client) Open(ctx context.Context, a Access, w Wish) (Opened, error) {
	return ask[Opened](ctx, c, DoOpen, a, w)
}

// End ends leases of ours, and waits until AWS does not show them any more.
func (c Client) End(ctx context.Context, a Access, w Which) (Ended, error) {
	return ask[Ended](ctx, c, DoEnd, a, w)
}

// Keep adds rules without end where they are missing.
func (c Client) Keep(ctx context.Context, a Access, k Keep) error {
	_, err := ask[Nothing](ctx, c, DoKeep, a, k)
	return err
}

// Instance tells how a machine does; "self" is the one that this runs on.
func (c Client) Instance(ctx context.Context, a Access, id string) (Instance, error) {
	return ask[Instance](ctx, c, DoInstance, a, id)
}

// Reboot has AWS reboot a machine.
func (c Client) Reboot(ctx context.Context, a Access, id string) error {
	_, err := ask[Nothing](ctx, c, DoReboot, a, id)
	return err
}

// Balancer tells how a load balancer does, by its name or ARN.
func (c Client) Balancer(ctx context.Context, a Access, name string) (Balancer, error) {
	return ask[Balancer](ctx, c, DoBalancer, a, name)
}

// Agent tells of Session Manager's agent on a machine.
func (c Client) Agent(ctx context.Context, a Access, instance string) (Agent, error) {
	return ask[Agent](ctx, c, DoAgent, a, instance)
}

// PushKey has Instance Connect take a key for a minute.
func (c Client) PushKey(ctx context.Context, a Access, k PublicKey) error {
	_, err := ask[Nothing](ctx, c, DoPushKey, a, k)
	return err
}

// Serial tells whether the serial console is switched on.
func (c Client) Serial(ctx context.Context, a Access) (Serial, error) {
	return ask[Serial](ctx, c, DoSerial, a, Nothing{})
}

// ProveCode has AWS take a code, which is used up by it.
func (c Client) ProveCode(ctx context.Context, a Access, code Code) error {
	_, err := ask[Nothing](ctx, c, DoProveCode, a, code)
	return err
}

// Devices lists the MFA devices of who asks.
func (c Client) Devices(ctx context.Context, a Access) (Devices, error) {
	return ask[Devices](ctx, c, DoDevices, a, Nothing{})
}

// Resync has AWS find a device's clock again, from two codes that follow one another.
func (c Client) Resync(ctx context.Context, a Access, code Code) error {
	_, err := ask[Nothing](ctx, c, DoResync, a, code)
	return err
}

// May asks AWS whether who asks may do actions, without doing them.
func (c Client) May(ctx context.Context, a Access, actions ...string) (Might, error) {
	return ask[Might](ctx, c, DoMay, a, May{actions})
}

// Contact reads what the account has on file.
func (c Client) Contact(ctx context.Context, a Access) (Contact, error) {
	return ask[Contact](ctx, c, DoContact, a, Nothing{})
}

// SendCode has AWS send a code by SMS to the account's phone.
func (c Client) SendCode(ctx context.Context, a Access) error {
	_, err := ask[Nothing](ctx, c, DoSendCode, a, Nothing{})
	return err
}

// VerifyCode gives AWS the code that came by SMS.
func (c Client) VerifyCode(ctx context.Context, a Access, code string) error {
	_, err := ask[Nothing](ctx, c, DoVerifyCode, a, code)
	return err
}

// Keys lists the access keys of who asks.
func (c Client) Keys(ctx context.Context, a Access) (Keys, error) {
	return ask[Keys](ctx, c, DoKeys, a, Nothing{})
}

// Usage finds what runs in the account.
func (c Client) Usage(ctx context.Context, a Access, l Look) (Usage, error) {
	return ask[Usage](ctx, c, DoUsage, a, l)
}
