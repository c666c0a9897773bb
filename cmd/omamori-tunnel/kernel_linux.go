package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where the kernel is told to forward, below /proc/sys/net.
const (
	forward4 = "ipv4/ip_forward"
	forward6 = "ipv6/conf/all/forwarding"
)

// kernel is what prepare changes of the kernel's settings, so that undo can put it
// back. It is kept in a file of root's until then, however often prepare is run.
type kernel struct {
	path    string
	Changes []setting `json:"changes"`
}

// setting is one as it was before, below /proc/sys/net.
type setting struct {
	Name string `json:"name"`
	Was  string `json:"was"`
}

func loadKernel(tun string) (*kernel, error) {
	if tun != filepath.Base(tun) {
		return nil, fmt.Errorf("%s is no name of a device", tun)
	}
	k := &kernel{path: "/run/omamori-tunnel." + tun + ".json"}
	b, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(b, k)
	}
	return k, err
}

func read(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join("/proc/sys/net", name))
	return strings.TrimSpace(string(b)), err
}

func write(name, value string) error {
	return os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value+"\n"), 0)
}

// was is a setting as it was before prepare; "" if it cannot be read.
func (k *kernel) was(name string) string {
	if i := slices.IndexFunc(k.Changes, func(s setting) bool { return s.Name == name }); i >= 0 {
		return k.Changes[i].Was
	}
	now, _ := read(name)
	return now
}

// set changes a setting that is as it is expected, and notes how it was before.
func (k *kernel) set(name, from, to string) error {
	if now, err := read(name); err != nil || now != from {
		return err
	}
	if !slices.ContainsFunc(k.Changes, func(s setting) bool { return s.Name == name }) {
		k.Changes = append(k.Changes, setting{name, from})
		b, err := json.Marshal(k)
		if err != nil {
			return err
		}
		if err := os.WriteFile(k.path, b, 0o600); err != nil {
			return err
		}
	}
	return write(name, to)
}

// forward has the kernel forward. A machine that begins to do so takes no routes from
// routers any more, and drops those that it has, unless accept_ra is 2: it would be out of
// reach by IPv6 at once, for its owner too.
func (k *kernel) forward(tun string) error {
	if err := write("ipv6/conf/"+tun+"/accept_ra", "0"); err != nil { // it goes with the device
		return err
	}
	if now, err := read(forward6); err == nil && now == "0" {
		all, err := filepath.Glob("/proc/sys/net/ipv6/conf/*/accept_ra")
		if err != nil {
			return err
		}
		for _, path := range all {
			name := strings.TrimPrefix(path, "/proc/sys/net/")
			if err := k.set(name, "1", "2"); err != nil && !errors.Is(err, fs.ErrNotExist) { // an interface may go
				return err
			}
		}
	}
	return errors.Join(k.set(forward4, "0", "1"), k.set(forward6, "0", "1"))
}

// restore puts back what was changed, the last first.
func (k *kernel) restore() error {
	var wrong []error
	for _, s := range slices.Backward(k.Changes) {
		if err := write(s.Name, s.Was); err != nil && !errors.Is(err, fs.ErrNotExist) {
			wrong = append(wrong, err)
		}
	}
	if err := os.Remove(k.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}
