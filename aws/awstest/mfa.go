package awstest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint // what RFC 6238 says
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// device is a virtual MFA device.
type device struct {
	serial string
	user   *User
	secret []byte
	used   uint64 // the newest step whose code was taken
	drift  int64  // by how many steps the device's clock is known to be off
	since  time.Time
}

const step = 30 // seconds

// AddDevice gives a user a device of the type that shows codes, and returns its serial.
func (c *Cloud) AddDevice(u *User, name, secret string) (serial string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	serial = "arn:aws:iam::" + Account + ":mfa/" + name
	c.devices[serial] = &device{serial: serial, user: u, secret: []byte(secret), since: c.now()}
	return serial
}

// AddPasskey gives a user a device that no API can ask.
func (c *Cloud) AddPasskey(u *User, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	serial := "arn:aws:iam::" + Account + ":u2f/user/" + u.Name + "/" + name
	c.devices[serial] = &device{serial: serial, user: u, since: c.now()}
}

// SetSummary changes a figure of the account, such as AccountMFAEnabled.
func (c *Cloud) SetSummary(name string, n int) { c.mu.Lock(); c.summary[name] = n; c.mu.Unlock() }

// Code is what a device shows, off steps away from the cloud's clock.
func (c *Cloud) Code(serial string, off int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.devices[serial]
	return code(d.secret, uint64(c.now().Unix()/step+int64(off)))
}

// NextStep makes codes that were used good for nothing any more, as time does: the
// device's newest step is forgotten.
func (c *Cloud) NextStep(serial string) { c.mu.Lock(); c.devices[serial].used = 0; c.mu.Unlock() }

func code(secret []byte, counter uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], counter)
	h := hmac.New(sha1.New, secret)
	h.Write(b[:])
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// code takes a code of a device of who asks, once.
func (k *call) code(serial, given, action string) error {
	d := k.devices[serial]
	denied := func(why string) error {
		return &Fault{403, "AccessDenied", "MultiFactorAuthentication failed" + why}
	}
	if d == nil || d.user != k.who.key.user || d.secret == nil {
		return denied(", unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	}
	if !d.take(given, k.now(), 1) {
		return denied(" with invalid MFA one time pass code. ")
	}
	return nil
}

// take takes the code of a step near now that is newer than any taken before.
func (d *device) take(given string, now time.Time, tolerance int64) bool {
	at := now.Unix()/step + d.drift
	for off := -tolerance; off <= tolerance; off++ {
		if s := uint64(at + off); s > d.used && code(d.secret, s) == given {
			d.used = s
			return true
		}
	}
	return false
}

func (k *call) listDevices() (string, error) {
	u, err := k.user("iam:ListMFADevices")
	if err != nil {
		return "", err
	}
	var items []string
	for _, serial := range slices.Sorted(maps.Keys(k.devices)) {
		if d := k.devices[serial]; d.user == u {
			items = append(items, tag("member", text("UserName", u.Name), text("SerialNumber", serial), moment("EnableDate", d.since)))
		}
	}
	return k.result(tag("MFADevices", items...), boolean("IsTruncated", false)), nil
}

// resync finds two codes that follow one another, and takes the clock from them.
func (k *call) resync() (string, error) {
	u, err := k.user("iam:ResyncMFADevice")
	if err != nil {
		return "", err
	}
	serial := k.form.Get("SerialNumber")
	d := k.devices[serial]
	if d == nil || d.user != u || strings.Contains(serial, ":u2f/") {
		return "", &Fault{404, "NoSuchEntity", "MFA device with serial number " + serial + " does not exist."}
	}
	const far = 2 * 24 * 60 // steps: how far off a device is found again
	now := k.now().Unix() / step
	for off := int64(-far); off <= far; off++ {
		s := uint64(now + off)
		if code(d.secret, s) == k.form.Get("AuthenticationCode1") && code(d.secret, s+1) == k.form.Get("AuthenticationCode2") {
			d.drift, d.used = off+1, s+1
			return k.result(), nil
		}
	}
	return "", &Fault{403, "InvalidAuthenticationCode", "Authentication code for device is not valid."}
}

func (k *call) accountSummary() (string, error) {
	if err := k.may("iam:GetAccountSummary", "*"); err != nil {
		return "", err
	}
	var entries []string
	for _, name := range slices.Sorted(maps.Keys(k.summary)) {
		entries = append(entries, tag("entry", text("key", name), number("value", k.summary[name])))
	}
	return k.result(tag("SummaryMap", entries...)), nil
}

// RemoveDevice takes a device off its user, as support does.
func (c *Cloud) RemoveDevice(serial string) { c.mu.Lock(); delete(c.devices, serial); c.mu.Unlock() }
