package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// watch searches each file of the file systems that the tests write to, once it is closed.
// The kernel hands the file itself over, so that it can be read though it has been removed.
type watch struct {
	search *search
	ours   descent
	events *os.File
	stop   *os.File // a pipe that ends the watch
	done   chan struct{}
}

func newWatch(s *search) (*watch, error) {
	ours, err := newDescent()
	if err != nil {
		return nil, err
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_QUEUE, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_LARGEFILE)
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w := &watch{search: s, ours: ours, events: os.NewFile(uintptr(fd), "fanotify"), done: make(chan struct{})}
	// Mounts, not file systems: a mount that a test makes must be free to be unmounted.
	for _, dir := range []string{"/", "/run", os.TempDir()} {
		if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, unix.FAN_CLOSE_WRITE, unix.AT_FDCWD, dir); err != nil {
			return nil, errors.Join(fmt.Errorf("watch %s: %w", dir, err), w.events.Close())
		}
	}
	r, stop, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, w.events.Close())
	}
	w.stop = stop
	go func() {
		defer close(w.done)
		defer r.Close()
		w.run(int(r.Fd()))
	}()
	return w, nil
}

// end searches what is still waiting, and ends the watch.
func (w *watch) end() {
	_ = w.stop.Close()
	<-w.done
	_ = w.events.Close()
}

func (w *watch) run(stop int) {
	b := make([]byte, 64<<10)
	fd := int(w.events.Fd())
	bad := 0
	for {
		n, err := unix.Read(fd, b)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN: // nothing is waiting
			p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(stop)}}
			if _, err := unix.Poll(p, -1); err != nil && err != unix.EINTR {
				w.search.fail(err)
				return
			}
			if p[0].Revents == 0 && p[1].Revents != 0 {
				return
			}
			continue
		case err != nil || n == 0:
			// Of one file, which the kernel could not open; or of the watch itself.
			w.search.fail(errors.Join(io.ErrUnexpectedEOF, err))
			if bad++; bad > 1000 {
				_ = w.events.Close() // so that nothing waits for ever, and no file is kept by it
				return
			}
		}
		w.take(b[:n])
	}
}

// eventSize is that of an event of fanotify, version 3: its length, version, reserved,
// length of metadata, mask, file and process.
const eventSize = 24

func (w *watch) take(b []byte) {
	for len(b) >= eventSize {
		size := binary.NativeEndian.Uint32(b)
		mask, fd := binary.NativeEndian.Uint64(b[8:]), int32(binary.NativeEndian.Uint32(b[16:]))
		pid := int(int32(binary.NativeEndian.Uint32(b[20:])))
		if b[4] != unix.FANOTIFY_METADATA_VERSION || size < eventSize || int(size) > len(b) {
			w.search.fail(errors.New("an event of an unknown form"))
			return
		}
		b = b[size:]
		if mask&unix.FAN_Q_OVERFLOW != 0 {
			w.search.fail(errors.New("more events than the kernel keeps"))
		}
		if fd >= 0 {
			w.file(os.NewFile(uintptr(fd), "written"), pid)
		}
	}
}

func (w *watch) file(f *os.File, pid int) {
	defer f.Close() // read only: nothing can be lost
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		w.search.fail(err)
		return
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || w.search.own(path) || w.ours.others(pid) {
		return
	}
	w.search.look(path, io.NewSectionReader(f, 0, most))
}

// most is how much of one file is read: of a database's the beginning.
const most = 16 << 20
