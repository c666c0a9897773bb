package presence

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

// A record of wtmp(5), as 64-bit Linux writes it.
const (
	recordSize  = 384
	typeAt      = 0
	secondsAt   = 340
	userProcess = 7
	// mostRecords is how many of the newest are looked at.
	mostRecords = 1000
)

// LastSignIn is when a person last signed in to a terminal of this machine, by the file
// that login and sshd keep; zero if it is not there or says nothing.
func LastSignIn(path string, now time.Time) (time.Time, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, nil // newer systems have none
	}
	if err != nil {
		return time.Time{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return time.Time{}, err
	}
	n := st.Size() / recordSize
	tail := make([]byte, min(n, mostRecords)*recordSize)
	if _, err := f.ReadAt(tail, (n-int64(len(tail))/recordSize)*recordSize); err != nil && !errors.Is(err, io.EOF) {
		return time.Time{}, err
	}
	return lastOf(tail, now), nil
}

// lastOf is the newest sign-in among records that is not after now.
func lastOf(records []byte, now time.Time) (last time.Time) {
	for ; len(records) >= recordSize; records = records[recordSize:] {
		if binary.NativeEndian.Uint16(records[typeAt:]) != userProcess {
			continue
		}
		at := time.Unix(int64(binary.NativeEndian.Uint32(records[secondsAt:])), 0)
		if at.After(last) && !at.After(now) {
			last = at
		}
	}
	return last
}
