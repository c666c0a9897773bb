package cause

import (
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// when says for which services a rule is asked.
type when uint8

const (
	onceDead   when = 1 << iota // those that have ended
	whileAlive                  // those that run and do not answer
)

// rule recognises a cause by a line of a log.
type rule struct {
	code string
	when when
	// all are the parts that the line has, in any order.
	all []string
	// try is a command that shows what is wrong without starting anything.
	try string
}

const (
	tryMariaDB = "mariadbd --verbose --help >/dev/null"
	tryNginx   = "nginx -t"
	tryFPM     = "php-fpm -t"
	trySSHD    = "sshd -t"
)

// rules stand in the order in which they are asked: damage first, as the same
// log often complains of much else after it; what names its cause poorly last.
// Every row has its line in TestRules, as the daemon printed it.
func rules() []rule {
	return []rule{
		{Corrupt, onceDead, []string{"InnoDB: Inconsistent tablespace ID"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: Invalid log header checksum"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: File ./ib_logfile0 was not found"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: Database page corruption"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: Space id and page no stored in the page"}, ""},
		{Corrupt, onceDead, []string{"Page read from tablespace is corrupted"}, ""},
		{Corrupt, onceDead, []string{"Data structure corruption"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: The Auto-extending data file", "is of a different size"}, ""},
		{Corrupt, onceDead, []string{"InnoDB: Corrupt", "page"}, ""},
		{Corrupt, onceDead, []string{"Checksum mismatch"}, ""},

		{DiskFull, onceDead | whileAlive, []string{"(Errcode: 28 "}, ""},
		{DiskFull, onceDead, []string{"Could not set the file size of"}, ""},
		{DiskFull, onceDead, []string{"(Out of disk space)"}, ""},
		{DiskFull, onceDead | whileAlive, []string{"Disk is full writing"}, ""},
		{DiskFull, onceDead, []string{"No space left on device"}, ""},
		{ReadOnlyDisk, onceDead, []string{"[ERROR]", "(Errcode: 30 "}, ""},
		{ReadOnlyDisk, onceDead, []string{"(30: Read-only file system)"}, ""},

		{SecondInstance, onceDead, []string{"Can't lock aria control file"}, "fuser -v"},
		{SecondInstance, onceDead, []string{"InnoDB: Unable to lock ./ibdata1"}, "pgrep -a mariadbd"},
		{SecondInstance, onceDead, []string{"Do you already have another server running"}, "ss -ltnp"},
		{SecondInstance, onceDead, []string{"bind() to ", "(98: Address already in use)"}, "ss -ltnp"},
		{SecondInstance, onceDead, []string{"Another FPM instance seems to already listen"}, "pgrep -a php-fpm"},
		{SecondInstance, onceDead, []string{"unable to bind listening socket", "Address already in use"}, "ss -ltnp"},
		{SecondInstance, onceDead, []string{"error: Bind to port ", "Address already in use"}, "ss -ltnp"},

		{WrongOwner, onceDead, []string{"[ERROR]", "(Errcode: 13 "}, ""},
		{WrongOwner, onceDead, []string{"[emerg]", "(13: Permission denied)"}, ""},

		{NoMemory, onceDead, []string{"Cannot map innodb_buffer_pool_size"}, ""},
		{NoMemory, onceDead, []string{"Cannot allocate memory for the buffer pool"}, ""},
		{NoMemory, onceDead, []string{"Out of memory (Needed "}, ""},
		{NoMemory, onceDead, []string{"(12: Cannot allocate memory)"}, ""},

		{BadConfig, onceDead, []string{"[ERROR]", ": unknown variable '"}, tryMariaDB},
		{BadConfig, onceDead, []string{"[ERROR]", ": unknown option '"}, tryMariaDB},
		{BadConfig, onceDead, []string{"Error while setting value '"}, tryMariaDB},
		{BadConfig, onceDead, []string{"Could not open required defaults file"}, tryMariaDB},
		{BadConfig, onceDead, []string{"[emerg]"}, tryNginx},
		{BadConfig, onceDead, []string{"unknown entry '"}, tryFPM},
		{BadConfig, onceDead, []string{"failed to load configuration file '"}, tryFPM},
		{BadConfig, onceDead, []string{"cannot get uid for user '"}, tryFPM},
		{BadConfig, onceDead, []string{"FPM initialization failed"}, tryFPM},
		{BadConfig, onceDead, []string{": Bad configuration option: "}, trySSHD},
		{BadConfig, onceDead, []string{"no hostkeys available"}, trySSHD},
		{BadConfig, onceDead, []string{"Missing privilege separation directory"}, trySSHD},
		{BadConfig, onceDead, []string{"[ERROR]", "Can't start server"}, tryMariaDB},

		{Crashed, onceDead, []string{"[ERROR]", " got signal "}, ""},
		{Killed, onceDead, []string{"(initiated by: unknown): Normal shutdown"}, ""},
		{Killed, onceDead, []string{"Received signal 15; terminating."}, ""},
		{Crashed, whileAlive, []string{"exited on signal 11 (SIGSEGV"}, ""},
	}
}

// match returns the first rule that some line answers to, and the newest such
// line; nil if there is none.
func match(log []string, w when) (*rule, string) {
	for _, r := range rules() {
		if r.when&w == 0 {
			continue
		}
		for i := len(log) - 1; i >= 0; i-- {
			if r.matches(log[i]) {
				return &r, log[i]
			}
		}
	}
	return nil, ""
}

func (r *rule) matches(line string) bool {
	for _, part := range r.all {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}

func (r *rule) finding(e chain.Evidence, line string) Finding {
	f := Finding{Code: r.code, Evidence: []string{quote(line)}}
	start := StartCommand(e)
	switch r.code {
	case Corrupt:
		f.Why = chain.Say("cause.corrupt", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_corrupt", "path", writes(e), "service", e.Service)
	case DiskFull:
		return diskWasFull(e, line)
	case ReadOnlyDisk:
		if len(e.Disks) > 0 { // none of them is now
			f.Restartable = true
			f.Evidence = append(f.Evidence, diskLine(e.Disks[0]))
			f.Why = chain.Say("cause.disk_was_read_only", "service", e.Service, "path", e.Disks[0].Path)
			return f
		}
		f.Why = chain.Say("cause.read_only_line", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_read_only_disk", "path", writes(e), "command", start)
	case SecondInstance:
		f.Why = chain.Say("cause.second_instance", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_second_instance", "find", find(r.try, line), "command", start)
	case WrongOwner:
		f.Why = chain.Say("cause.wrong_owner", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_wrong_owner", "path", writes(e), "command", start)
	case NoMemory:
		f.Restartable = true
		f.Why = chain.Say("cause.no_memory", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_no_memory")
	case BadConfig:
		f.Why = chain.Say("cause.bad_config", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_bad_config", "try", r.try, "command", start)
	case Crashed:
		f.Restartable = true
		f.Why = chain.Say("cause.crashed_line", "service", e.Service, "line", quote(line))
	case Killed:
		f.Restartable = true
		f.Why = chain.Say("cause.killed", "service", e.Service, "signal", "SIGTERM")
	}
	return f
}

// find completes a command that looks for who holds a file by the file that the
// line names.
func find(command, line string) string {
	if command != "fuser -v" {
		return command
	}
	if _, rest, ok := strings.Cut(line, " control file '"); ok {
		if path, _, ok := strings.Cut(rest, "'"); ok && PlainPath(path) {
			return command + " " + path
		}
	}
	return "pgrep -a mariadbd"
}
