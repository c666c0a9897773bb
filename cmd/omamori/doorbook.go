package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
)

const (
	// doorBeat is how often the door's record is looked at.
	doorBeat = 2 * time.Second
	// doorState is where the journal keeps how far it was read.
	doorState = "door_record"
)

// followDoor takes what the door's half has done into the journal, until ctx is done. The
// door's half has its own durable record and works without us; nothing is lost if we were
// away, and after a crash the last may stand in the journal twice, never not at all.
func followDoor(ctx context.Context, j *journal.Journal, socket string, log *slog.Logger) {
	var last int64
	if b, err := j.LoadState(ctx, doorState); err == nil {
		last, _ = strconv.ParseInt(string(b), 10, 64)
	}
	tick := time.NewTicker(doorBeat)
	defer tick.Stop()
	troubled := false
	for {
		err := readDoor(ctx, j, socket, &last)
		absent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
		if err != nil && !absent && !troubled && ctx.Err() == nil {
			log.Warn("read the door's record", "error", err)
		}
		troubled = err != nil && !absent
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func readDoor(ctx context.Context, j *journal.Journal, socket string, last *int64) error {
	c, err := hands.ConnectDoor(ctx, socket)
	if err != nil {
		return err
	}
	defer c.Close()
	since := *last - 1 // the last that we know is to be there still
	for {
		some, err := c.Records(ctx, since)
		if err == nil && len(some) == 0 && since >= 0 && since < *last {
			*last, since = 0, 0 // its record was lost, and it counts anew
			continue
		}
		some = slices.DeleteFunc(some, func(r hands.DoorRecord) bool { return r.Seq <= *last })
		if err != nil || len(some) == 0 {
			return err
		}
		for _, r := range some {
			j.Note(journal.Entry{At: r.At, What: "door", Text: doorText(r), Body: r})
			*last = r.Seq
		}
		j.NoteState(doorState, strconv.AppendInt(nil, *last, 10))
		since = *last
	}
}

// doorText says a record of the door's half.
func doorText(r hands.DoorRecord) chain.Text {
	switch {
	case r.What == hands.RecordLease && r.Lease != nil:
		return chain.Say("door.did_lease", "from", r.Lease.From, "who", r.Who, "until", r.Lease.Until)
	case r.What == hands.RecordEnd && r.Lease != nil:
		return chain.Say("door.did_end", "from", r.Lease.From, "who", r.Who)
	case r.What == hands.RecordTry:
		return chain.Say("door.did_try", "who", r.Who)
	case r.What == hands.RecordConfirm:
		return chain.Say("door.did_confirm", "who", r.Who)
	case r.What == hands.RecordRollback:
		return chain.Say("door.did_rollback", "note", r.Note)
	case r.What == hands.RecordLoad:
		return chain.Say("door.did_load", "note", r.Note)
	}
	return chain.Say("door.did_other", "what", r.What, "note", r.Note)
}
