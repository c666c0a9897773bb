package chain

import "time"

// Verb is something that can be done to a service.
type Verb string

const (
	Start   Verb = "start"
	Restart Verb = "restart" // asked to stop politely first
	Stop    Verb = "stop"
	Kill    Verb = "kill" // for a hung one, which does not listen any more
)

// What a Doer does, to what Service names.
const (
	PutBack   Verb = "put_back"   // a firewall's rule
	EndLeases Verb = "end_leases" // those that are over
	Reboot    Verb = "reboot"     // a machine
)

// Deed is one thing to do to a service that hands may touch, or to what a Doer knows.
type Deed struct {
	Verb    Verb   `json:"verb"`
	Service string `json:"service"`
}

// Done is a deed and what came of it.
type Done struct {
	Deed
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	// Error is what went wrong, empty if the deed was carried out.
	Error string `json:"error,omitempty"`
}

// Evidence is what can be read of a service without changing it.
type Evidence struct {
	Service string    `json:"service"`
	At      time.Time `json:"at"`
	// Process is the service's main process, as it is or as it last was.
	Process Process `json:"process"`
	// Manager is what looks after the service ("systemd", "service", "hands"),
	// and what that says of it ("failed/exit-code", "stopped by systemctl").
	Manager   string `json:"manager,omitempty"`
	ManagerOf string `json:"manager_says,omitempty"`
	// Unit is what the manager calls the service, if not by its own name.
	Unit string `json:"unit,omitempty"`
	// OnPurpose is true when the manager knows that somebody stopped it.
	OnPurpose bool `json:"on_purpose,omitempty"`
	// Starting is true while the manager is about to start it by itself.
	Starting bool `json:"starting,omitempty"`
	// Log is the end of its log, since its last start where that can be told;
	// Kernel the kernel's lines that name its process.
	Log    []string `json:"log,omitempty"`
	Kernel []string `json:"kernel,omitempty"`
	// Sure is how many lines of Log, from its first, are of the last start whatever time
	// they bear: a daemon's clock may have been set.
	Sure int `json:"sure,omitempty"`
	// LogLate says that the log could not be read in time: what it says is not known.
	LogLate bool `json:"log_late,omitempty"`
	// Times is when the first lines of Log were written, as far as their keeper knows that.
	Times []time.Time `json:"times,omitempty"`
	// OOMKills counts the kills for memory in its cgroup since the last time
	// evidence was read.
	OOMKills int `json:"oom_kills,omitempty"`
	// Contained says that the kernel's lines call processes by other numbers than ours,
	// as in a container: those of Kernel were then chosen by name and time.
	Contained bool `json:"contained,omitempty"`
	// Disks are the file systems that it writes to.
	Disks []Disk `json:"disks,omitempty"`
	// What follows is of a service that runs. Stopped are the processes of its main
	// one's own sort that a signal has stopped. Waited is the share, in percent, of the
	// time in which it wanted the processor and did not get it; 0 where it had most of
	// the processors itself.
	Stopped []int `json:"stopped,omitempty"`
	Waited  int   `json:"waited,omitempty"`
	// Clients are those who are connected to it, the busiest first.
	Clients []Client `json:"clients,omitempty"`
	// Others is the evidence of further services that a mender asked for.
	Others []Evidence `json:"others,omitempty"`
}

// Client is a process, or a distant host, with connections to a service.
type Client struct {
	PID int `json:"pid,omitempty"` // 0 for a distant one
	// Name is the process's, or the host's address; User who runs the process.
	Name  string `json:"name"`
	User  string `json:"user,omitempty"`
	Count int    `json:"count"`
}

// Process is a process as the system shows it.
type Process struct {
	PID     int       `json:"pid,omitempty"`
	Running bool      `json:"running"`
	Started time.Time `json:"started,omitzero"`
	// State is the letter of /proc/PID/stat: R, S, D, T (stopped), Z.
	State string `json:"state,omitempty"`
	// Exited is when it was seen to end; Signal and Code how, if that is known.
	Exited    time.Time `json:"exited,omitzero"`
	KnownExit bool      `json:"known_exit,omitempty"`
	Signal    int       `json:"signal,omitempty"`
	Code      int       `json:"code,omitempty"`
	// Asked is true when it ended because hands was asked to end it.
	Asked bool `json:"asked,omitempty"`
}

// Disk is a file system with its free space.
type Disk struct {
	Path string `json:"path"`
	Free uint64 `json:"free"`
	Size uint64 `json:"size"`
	// Inodes are those that are free, of Nodes; Nodes 0 means that the file
	// system counts none.
	Inodes   uint64 `json:"inodes"`
	Nodes    uint64 `json:"nodes"`
	ReadOnly bool   `json:"read_only,omitempty"`
}

// Plan is what a mender makes of a break and its evidence.
type Plan struct {
	// Cause is a stable code; "unknown" when the evidence does not tell.
	Cause    string
	Why      Text
	Evidence []string
	// Deeds are to be done in order. Without any, Next says what a person is to
	// do, and why nothing is done by itself.
	Deeds []Deed
	Next  Text
}
