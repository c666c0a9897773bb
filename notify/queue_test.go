package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a store that outlives a queue.
type memory struct {
	mu    sync.Mutex // protects saved
	saved []byte
}

func (m *memory) SaveState(ctx context.Context, _ string, b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = bytes.Clone(b)
	return ctx.Err()
}

func (m *memory) LoadState(context.Context, string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.saved), nil
}

// world is what is outside: it notes what arrives, and refuses as fail says.
type world struct {
	mu   sync.Mutex // protects the fields below
	got  []string   // "channel: title"
	body map[string]string
	at   []time.Duration // of each try, since begin
	fail func(c Channel, m Message) error

	begin time.Time
}

func (w *world) take(_ context.Context, c Channel, m Message) error {
	w.mu.Lock()
	fail := w.fail
	w.at = append(w.at, time.Since(w.begin))
	w.mu.Unlock()
	if fail != nil {
		if err := fail(c, m); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, c.Name+": "+m.Title)
	w.body[m.Title] = m.Body
	return nil
}

func (w *world) set(fail func(Channel, Message) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = fail
}

func (w *world) arrived() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got)
}

var errDown = errors.New("down")

func down(Channel, Message) error { return errDown }

// desk is a queue at work.
type desk struct {
	q *Queue
	*world
	store *memory
	stop  func()
}

func (d *desk) tell(titles ...string) {
	for _, title := range titles {
		d.q.Tell(func(Channel) Message {
			return Message{Event: "begin", Title: title, Lang: "en", Body: "body", At: time.Now()}
		})
	}
}

// open starts a queue. What an earlier one has left is in store.
func open(t *testing.T, store *memory, channels ...string) *desk {
	t.Helper()
	d := &desk{world: &world{begin: time.Now(), body: map[string]string{}}, store: store}
	ctx, cancel := context.WithCancel(t.Context())
	d.q = NewQueue(ctx, store, d.take, slog.New(slog.DiscardHandler))
	d.q.Use(named(channels...))
	done := make(chan struct{})
	go func() { defer close(done); d.q.Run(ctx) }()
	d.stop = func() { cancel(); <-done }
	t.Cleanup(d.stop)
	return d
}

func named(names ...string) (all []Channel) {
	for _, n := range names {
		all = append(all, Channel{Name: n, URL: "logger://"})
	}
	return all
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("arrived %q, want %q", got, want)
	}
}

func TestEachMessageOncePerChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail", "phone")
		d.tell("one", "two", "three")
		time.Sleep(keepTrying * 2)
		if got := d.arrived(); slices.Index(got, "mail: one") > slices.Index(got, "mail: two") || slices.Index(got, "mail: two") > slices.Index(got, "mail: three") {
			t.Errorf("not in their order: %q", got)
		}
		check(t, d.arrived(), "mail: one", "mail: two", "mail: three", "phone: one", "phone: two", "phone: three")
	})
}

func TestRetriesBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail")
		d.set(down)
		d.tell("one")
		time.Sleep(time.Hour)
		d.mu.Lock()
		at := slices.Clone(d.at)
		d.mu.Unlock()
		want := []time.Duration{0, 1, 5, 21, 85, 341, 941, 1541, 2141, 2741, 3341}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(at, want) {
			t.Errorf("tried at %v, want %v", at, want)
		}
		d.set(nil)
		time.Sleep(lastPause)
		check(t, d.arrived(), "mail: one")
	})
}

// What is given up is told with the next that arrives, even where nothing else waited.
func TestGivenUpIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail")
		d.set(down)
		d.tell("one", "two")
		time.Sleep(keepTrying * 2)
		d.set(nil)
		time.Sleep(time.Hour)
		check(t, d.arrived())
		// The next ones, over a restart.
		d.stop()
		d = open(t, d.store, "mail")
		d.tell("three", "four")
		time.Sleep(time.Minute)
		check(t, d.arrived(), "mail: three", "mail: four")
		if b := d.body["three"]; !strings.Contains(b, "2 earlier messages were lost") || !strings.HasSuffix(b, "body") {
			t.Errorf("the next one says %q", b)
		}
		if b := d.body["four"]; b != "body" {
			t.Errorf("the one after it says %q", b)
		}
	})
}

func TestRestartKeepsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail", "phone")
		d.set(func(c Channel, _ Message) error {
			if c.Name == "mail" {
				return errDown
			}
			return nil
		})
		d.tell("one", "two")
		time.Sleep(time.Minute)
		check(t, d.arrived(), "phone: one", "phone: two")
		d.stop()
		d = open(t, d.store, "mail", "phone")
		synctest.Wait() // at once, not when its turn would have come
		check(t, d.arrived(), "mail: one", "mail: two")
	})
}

// What is under way when the queue stops is told again, unless it has arrived.
func TestStopInTheMiddle(t *testing.T) {
	for _, answer := range []error{errDown, nil} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &memory{}, "mail")
			release := make(chan error)
			d.set(func(Channel, Message) error { return <-release })
			d.tell("one")
			synctest.Wait()
			stopped := make(chan struct{})
			go func() { defer close(stopped); d.stop() }()
			synctest.Wait()
			select {
			case <-stopped:
				t.Error("stopped while a delivery was under way")
			default:
			}
			release <- answer
			<-stopped
			again := open(t, d.store, "mail")
			synctest.Wait()
			if answer == nil {
				check(t, again.arrived())
			} else {
				check(t, again.arrived(), "mail: one")
			}
		})
	}
}

func TestSlowChannelDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "slow", "fast")
		d.set(func(c Channel, _ Message) error {
			if c.Name == "slow" {
				time.Sleep(time.Hour)
			}
			return nil
		})
		d.tell("one", "two")
		synctest.Wait()
		check(t, d.arrived(), "fast: one", "fast: two")
		time.Sleep(3 * time.Hour)
		check(t, d.arrived(), "fast: one", "fast: two", "slow: one", "slow: two")
	})
}

func TestReloadChangesChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "old", "kept")
		d.set(func(c Channel, _ Message) error {
			if c.URL == "logger://" {
				return errDown
			}
			return nil
		})
		d.tell("one")
		time.Sleep(time.Hour)
		// Mended: tried at once, by the new URL. What waits for the old is given up.
		d.q.Use([]Channel{{Name: "kept", URL: "generic://mended"}, {Name: "new", URL: "generic://new"}})
		synctest.Wait()
		check(t, d.arrived(), "kept: one")
		d.tell("two")
		synctest.Wait()
		check(t, d.arrived(), "kept: one", "kept: two", "new: two")
		d.q.Use(nil)
		d.tell("three")
		d.q.Use(named("old"))
		d.set(nil)
		time.Sleep(keepTrying)
		check(t, d.arrived(), "kept: one", "kept: two", "new: two")
	})
}

// A channel goes, and comes back, while it is being told.
func TestReloadUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail")
		release := make(chan error)
		d.set(func(_ Channel, m Message) error {
			if m.Title == "one" {
				return <-release
			}
			return nil
		})
		d.tell("one")
		synctest.Wait()
		d.q.Use(nil)
		d.q.Use(named("mail"))
		d.tell("two")
		synctest.Wait()
		release <- errDown
		synctest.Wait()
		check(t, d.arrived(), "mail: two")
	})
}

func TestBoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "mail")
		d.set(down)
		const n = 3 * maxWaiting
		for i := range n {
			d.q.Tell(func(Channel) Message {
				return Message{Lang: "en", Title: fmt.Sprint(i), Body: strings.Repeat("本", 1+i/(n-1)*64<<10)} // one of them is large
			})
			synctest.Wait()
		}
		if d.store.mu.Lock(); len(d.store.saved) > maxWaiting<<10+maxText {
			t.Errorf("%d bytes wait", len(d.store.saved))
		}
		d.store.mu.Unlock()
		d.set(nil)
		time.Sleep(lastPause)
		got := d.arrived()
		if len(got) != maxWaiting || got[len(got)-1] != fmt.Sprintf("mail: %d", n-1) {
			t.Fatalf("%d arrived, the last is %q", len(got), got[len(got)-1])
		}
		told := 0
		for _, b := range d.body {
			var lost int
			if _, err := fmt.Sscanf(b, "(%d earlier message", &lost); err == nil {
				told += lost
			}
		}
		if told != n-maxWaiting {
			t.Errorf("%d are told as lost, want %d", told, n-maxWaiting)
		}
	})
}

// A state that cannot be read is no reason to be silent from now on.
func TestStateThatCannotBeRead(t *testing.T) {
	for _, saved := range []string{"", "null", "{", "[]", `{"mail":null}`, `{"mail":[{"message":1}]}`, `{"mail":{"items":[{}],"dropped":"x"}}`, "\x00\xff", `{"other":{"items":[{"message":{"title":"lost"}}]}}`} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &memory{saved: []byte(saved)}, "mail")
			d.tell("one")
			time.Sleep(time.Minute)
			check(t, d.arrived(), "mail: one")
		})
	}
}

// broken is a store on a full disk.
type broken struct{}

func (broken) SaveState(context.Context, string, []byte) error   { return errDown }
func (broken) LoadState(context.Context, string) ([]byte, error) { return nil, errDown }

func TestStoreThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{begin: time.Now(), body: map[string]string{}}
		ctx, cancel := context.WithCancel(t.Context())
		q := NewQueue(ctx, broken{}, w.take, slog.New(slog.DiscardHandler))
		q.Use(named("mail"))
		q.Tell(func(Channel) Message { return Message{Title: "one"} })
		done := make(chan struct{})
		go func() { defer close(done); q.Run(ctx) }()
		synctest.Wait()
		check(t, w.arrived(), "mail: one")
		cancel()
		<-done
	})
}

func TestTestTriesEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{}, "good", "bad")
		d.set(func(c Channel, _ Message) error {
			if c.Name == "bad" {
				return errDown
			}
			return nil
		})
		channels, errs := d.q.Test(t.Context(), func(Channel) Message { return TestMessage("en", time.Now()) })
		if len(channels) != 2 || errs[0] != nil || !errors.Is(errs[1], errDown) {
			t.Errorf("got %v, %v", channels, errs)
		}
		time.Sleep(keepTrying)
		check(t, d.arrived(), "good: omamori: a test")
	})
}

func FuzzState(f *testing.F) {
	good, err := json.Marshal(map[string]*line{"mail": {Items: []item{{Message: Message{Title: "one"}, Since: time.Unix(1, 0)}}, Dropped: 3}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"mail":{"items":[{"next":"9999-12-31T23:59:59Z","tries":-1}],"dropped":-5}}`))
	f.Fuzz(func(t *testing.T, saved []byte) {
		q := NewQueue(t.Context(), &memory{saved: saved}, func(context.Context, Channel, Message) error { return nil }, slog.New(slog.DiscardHandler))
		q.Use(named("mail"))
		var work sync.WaitGroup
		q.begin(t.Context(), &work)
		work.Wait()
	})
}

// What a channel does not take in some minutes, the spare ones are handed; what is for its
// reader alone is not.
func TestSpareIsHandedWhatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &memory{})
		d.q.Use([]Channel{{Name: "line", URL: "logger://"}, {Name: "mail", URL: "logger://"}, {Name: "pager", URL: "logger://", Spare: true}})
		d.set(func(c Channel, m Message) error {
			if c.Name == "pager" {
				return nil
			}
			return errDown
		})
		d.q.TellTo(func(c Channel) bool { return !c.Spare }, func(Channel) Message { return Message{Event: "begin", Title: "down", At: d.begin} })
		d.q.TellTo(func(c Channel) bool { return c.Name == "line" }, func(Channel) Message {
			return Message{Event: "confirm", Title: "code", At: d.begin.Add(1), Only: true}
		})
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		check(t, d.arrived())
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		check(t, d.arrived(), "pager: down") // once, though neither takes it
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		check(t, d.arrived(), "pager: down")
		d.set(nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		check(t, d.arrived(), "pager: down", "line: down", "line: code", "mail: down")
	})
}
