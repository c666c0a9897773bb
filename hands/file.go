package hands

import "time"

// File is what hands may touch, as its own root-owned file says. Load and Parse
// make one that has been checked.
type File struct {
	// Guard is the user whose processes may ask; root always may. Empty: root alone.
	Guard string `json:"guard,omitempty"`
	// Run is the folder where hands remembers its children, DefaultRun if empty.
	// Two hands with the same one cannot run at once.
	Run string `json:"run,omitempty"`
	// State is the folder with what a pending tuning would be undone to, DefaultState
	// if empty. It outlives a reboot.
	State string `json:"state,omitempty"`
	// Services stand in the order in which they are to be started.
	Services []Service `json:"services,omitempty"`
	// Files are those that the guard may read, Sockets the Unix sockets that it may
	// have dialled. Both are exact paths.
	Files   []string `json:"files,omitempty"`
	Sockets []string `json:"sockets,omitempty"`
	// Deeds is how many each service may see in ten minutes, DefaultDeeds if 0:
	// whoever takes the guard over cannot keep a service down by restarting it.
	Deeds int `json:"deeds,omitempty"`
}

// DefaultDeeds is how many deeds a service may see in ten minutes.
const DefaultDeeds = 12

// DefaultRun is where hands remembers its children unless the file says otherwise.
const DefaultRun = "/run/omamori-hands/run"

// DefaultState is where hands remembers what is to be undone.
const DefaultState = "/var/lib/omamori-hands"

// DefaultSocket is where omamori-hands listens unless it is told otherwise: in a folder that
// only root writes to. Where the guard may write, somebody who has taken it over could be
// there first.
const DefaultSocket = "/run/omamori-hands/hands.sock"

// Service is one service, run by exactly one of Systemd, SysV and Child.
type Service struct {
	Name string `json:"name"`
	// Systemd is a unit ("mariadb.service"), SysV a script in /etc/init.d.
	Systemd string `json:"systemd,omitempty"`
	SysV    string `json:"sysv,omitempty"`
	Child   *Child `json:"child,omitempty"`
	// PIDFile is where the daemon itself writes its process id; a SysV service
	// needs one. For children it is only for those that hands did not start: it
	// remembers its own in Run.
	PIDFile string `json:"pid_file,omitempty"`
	// Logs are the files whose ends are evidence; Writes are folders on the file
	// systems that the service writes to.
	Logs   []string `json:"logs,omitempty"`
	Writes []string `json:"writes,omitempty"`
	// Tunes are the files by which the service may be tuned.
	Tunes []Tune `json:"tunes,omitempty"`
}

// Child is how hands itself runs a service: in a session of its own, with nothing
// but this environment, in the foreground.
type Child struct {
	// Argv is the command; its first word is an absolute path.
	Argv []string `json:"argv"`
	// User is whom it runs as, with that user's groups; root if empty.
	User string `json:"user,omitempty"`
	// Dir is its working folder, "/" if empty.
	Dir string `json:"dir,omitempty"`
	// Env is added to PATH, HOME, USER, LOGNAME and LANG.
	Env []string `json:"env,omitempty"`
	// Output takes its standard output and error, appended. Empty: thrown away.
	Output string `json:"output,omitempty"`
	// StopSignal asks it to end: TERM (the default), QUIT or INT.
	StopSignal string `json:"stop_signal,omitempty"`
	// StopTimeout ("20s", the default) is how long it may take to obey.
	StopTimeout string `json:"stop_timeout,omitempty"`
}

const defaultStopTimeout = 20 * time.Second

// stopTimeout is how long the child may take to end. The file has been checked.
func (c *Child) stopTimeout() time.Duration {
	if d, err := time.ParseDuration(c.StopTimeout); err == nil {
		return d
	}
	return defaultStopTimeout
}

func (f *File) deeds() int {
	if f.Deeds == 0 {
		return DefaultDeeds
	}
	return f.Deeds
}

func (f *File) run() string {
	if f.Run == "" {
		return DefaultRun
	}
	return f.Run
}

func (f *File) state() string {
	if f.State == "" {
		return DefaultState
	}
	return f.State
}
