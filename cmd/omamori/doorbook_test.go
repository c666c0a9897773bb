package main

import (
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
)

// What the door's half has done while the guard was away is in the journal afterwards,
// once.
func TestTheDoorsRecordIsTakenIntoTheJournal(t *testing.T) {
	s, dir := doortest.New(t), t.TempDir()
	for path, text := range map[string]string{"/state": "", "/state/rules.json": `{"closed":[22]}`} {
		err := os.MkdirAll(dir+"/state", 0o700)
		if text != "" {
			err = os.WriteFile(dir+path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := hands.NewDoor(hands.DoorFile{Door: strings.Repeat("0", 64), Ports: []uint16{22}, Signers: dir + "/none", State: dir + "/state"},
		nft.In(s.File), slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	l, err := d.Listen(dir + "/sock")
	if err != nil {
		t.Fatal(err)
	}
	go d.Serve(t.Context(), l) //nolint:errcheck // it ends with the test
	c, err := hands.ConnectDoor(t.Context(), dir+"/sock")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix("203.0.113.7/32"), Ports: []uint16{22}}, time.Hour, "hanako"); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var last int64
	for range 2 {
		if err := readDoor(t.Context(), j, dir+"/sock", &last); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Append(t.Context(), journal.Entry{What: "end"}); err != nil {
		t.Fatal(err)
	}
	all, err := j.Records(t.Context(), journal.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range all {
		if r.What == "door" {
			keys = append(keys, r.Text.Key)
		}
	}
	if got := strings.Join(keys, " "); got != "door.did_load door.did_lease" {
		t.Error(got)
	}
	if b, err := j.LoadState(t.Context(), doorState); err != nil || string(b) != "2" {
		t.Errorf("%q, %v", b, err)
	}
	// The door has lost its record, and counts anew: below what we have seen.
	last = 5000
	if err := readDoor(t.Context(), j, dir+"/sock", &last); err != nil || last != 2 {
		t.Errorf("read up to %d, %v", last, err)
	}
}
