// Package aws does what is asked of AWS: the few calls, bounded in number and time, and
// errors told apart.
//
// It links AWS's SDK and is therefore for cmd/omamori-aws alone; everybody else asks
// through package cloud.
package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/omamori-guard/omamori/cloud"
)

const (
	// maxRequest bounds what is read, in bytes.
	maxRequest = 64 << 10
	// longest bounds one request, retries and reading back included.
	longest = 80 * time.Second
)

// work does one sort of request.
type work func(ctx context.Context, a *account, with json.RawMessage) (any, error)

// does makes work of a function, whose wish is read strictly.
func does[W, R any](f func(context.Context, *account, W) (R, error)) work {
	return func(ctx context.Context, a *account, with json.RawMessage) (any, error) {
		var wish W
		if err := strict(with, &wish); err != nil {
			return nil, &cloud.Error{Code: cloud.BadRequest, Text: err.Error()}
		}
		return f(ctx, a, wish)
	}
}

// all is the closed set of what can be asked.
func all() map[string]work {
	return map[string]work{
		cloud.DoAddress:    does(address),
		cloud.DoGroups:     does(groups),
		cloud.DoOpen:       does(open),
		cloud.DoEnd:        does(end),
		cloud.DoKeep:       does(keep),
		cloud.DoInstance:   does(instance),
		cloud.DoReboot:     does(reboot),
		cloud.DoBalancer:   does(balancer),
		cloud.DoAgent:      does(agent),
		cloud.DoPushKey:    does(pushKey),
		cloud.DoSerial:     does(serial),
		cloud.DoProveCode:  does(proveCode),
		cloud.DoDevices:    does(devices),
		cloud.DoResync:     does(resync),
		cloud.DoMay:        does(may),
		cloud.DoContact:    does(contact),
		cloud.DoSendCode:   does(sendCode),
		cloud.DoVerifyCode: does(verifyCode),
		cloud.DoKeys:       does(keys),
		cloud.DoUsage:      does(usage),
	}
}

func strict(b []byte, into any) error {
	if len(b) == 0 {
		return errors.New("nothing is asked")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one thing is asked")
	}
	return nil
}

// Serve reads a request, does it, and writes the answer.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	b, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return err
	}
	answer, err := Do(ctx, b)
	if err != nil {
		return err
	}
	_, err = out.Write(append(answer, '\n'))
	return err
}

// Do does a request, as JSON, and returns the answer. What goes wrong stands in it.
func Do(ctx context.Context, request []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	result, err := do(ctx, request)
	var a cloud.Answer
	if err != nil {
		a.Error = explain(ctx, err)
	} else if a.Result, err = json.Marshal(result); err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

func do(ctx context.Context, request []byte) (any, error) {
	if len(request) > maxRequest {
		return nil, &cloud.Error{Code: cloud.BadRequest, Text: fmt.Sprintf("longer than %d bytes", maxRequest)}
	}
	var r cloud.Request
	if err := strict(request, &r); err != nil {
		return nil, &cloud.Error{Code: cloud.BadRequest, Text: err.Error()}
	}
	w, known := all()[r.Do]
	if !known {
		return nil, &cloud.Error{Code: cloud.BadRequest, Text: "nobody knows how to do that"}
	}
	a, err := connect(ctx, r)
	if err != nil {
		return nil, err
	}
	return w(ctx, a, r.With)
}
