package site

import (
	"bufio"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

const mib = 1 << 20

// What each part takes at its worst, in bytes.
const (
	systemLeast = 80 * mib   // kernel, sshd, journald and such: an eighth of the machine, at least
	systemMost  = 1024 * mib // and at most this
	omamoriTake = 30 * mib   // guard and hands: what design promises
	nginxTake   = 12 * mib
	phpMaster   = 10 * mib
	phpOwn      = 12 * mib // of one child beside what memory_limit counts
	sqlBase     = 84 * mib // of mariadbd beside pool and connections, the caches of my.cnf among it
	sqlPerConn  = 6 * mib  // the buffers, packet and temporary table that my.cnf allows
	poolLeast   = 24 * mib
	poolMost    = 1024 * mib
	poolStep    = 8 * mib
	// spareConns are connections beyond one for each child: the guard's, a person's,
	// a script's.
	spareConns = 3

	childrenLeast = 2
	childrenMost  = 16
	// roomy is the memory from which a child may have the larger limit.
	roomy      = 1024 * mib
	limitSmall = 64 * mib
	limitRoomy = 128 * mib
	// opcache keeps compiled scripts in memory that all children share.
	opcacheSmall = 24 * mib
	opcacheRoomy = 64 * mib
	childrenOf5  = 3 // of five parts of what is left go to PHP, the others to the pool
)

// Budget says how much memory each part of a site can take at its worst, in bytes.
// The sum never exceeds Machine.
type Budget struct {
	// Machine is the memory there is: the machine's, or the control group's limit.
	Machine uint64 `json:"machine"`
	System  uint64 `json:"system"`
	Omamori uint64 `json:"omamori"`
	Nginx   uint64 `json:"nginx"`
	// PHPShared is what PHP's processes have in common, Opcache among it; each of
	// Children takes up to PHPChild, of which scripts can use MemoryLimit.
	PHPShared   uint64 `json:"php_shared"`
	Opcache     uint64 `json:"opcache"`
	PHPChild    uint64 `json:"php_child"`
	MemoryLimit uint64 `json:"memory_limit"`
	Children    int    `json:"children"`
	// SQLBase is MariaDB without its BufferPool and Connections, each of which takes
	// up to SQLConnection.
	SQLBase       uint64 `json:"sql_base"`
	BufferPool    uint64 `json:"buffer_pool"`
	SQLConnection uint64 `json:"sql_connection"`
	Connections   int    `json:"connections"`
}

// Row is one line of a budget.
type Row struct {
	Text  chain.Text
	Bytes uint64
}

// plan divides machine bytes among the parts. A machine that is too small gives a
// *Problem.
func plan(machine uint64) (Budget, error) {
	b := Budget{
		Machine: machine, System: min(max(machine/8, systemLeast), systemMost), Omamori: omamoriTake,
		Nginx: nginxTake, Opcache: opcacheSmall, MemoryLimit: limitSmall,
		SQLBase: sqlBase, SQLConnection: sqlPerConn,
	}
	if machine >= roomy {
		b.MemoryLimit, b.Opcache = limitRoomy, opcacheRoomy
	}
	b.PHPShared = phpMaster + b.Opcache
	b.PHPChild = b.MemoryLimit + phpOwn
	fixed := b.System + b.Omamori + b.Nginx + b.PHPShared + b.SQLBase + spareConns*b.SQLConnection
	perChild := b.PHPChild + b.SQLConnection
	if least := fixed + childrenLeast*perChild + poolLeast; machine < least {
		return Budget{}, problem(chain.Say("site.little_memory", "has", machine, "needs", least), chain.Text{})
	}
	spare := machine - fixed
	b.Children = int(min(max(spare*childrenOf5/5/perChild, childrenLeast), childrenMost))
	b.Connections = b.Children + spareConns
	left := spare - uint64(b.Children)*perChild
	b.BufferPool = min(left/poolStep*poolStep, poolMost)
	return b, nil
}

// Sum is what all parts together can take.
func (b Budget) Sum() uint64 {
	return b.System + b.Omamori + b.Nginx + b.PHPShared + uint64(b.Children)*b.PHPChild +
		b.SQLBase + b.BufferPool + uint64(b.Connections)*b.SQLConnection
}

// MarshalJSON adds the sum.
func (b Budget) MarshalJSON() ([]byte, error) {
	type parts Budget
	return json.Marshal(struct {
		parts
		Sum uint64 `json:"sum"`
	}{parts(b), b.Sum()})
}

// Rows lists the parts, their sum, and what the machine has.
func (b Budget) Rows() []Row {
	return []Row{
		{chain.Say("site.row_system"), b.System},
		{chain.Say("site.row_omamori"), b.Omamori},
		{chain.Say("site.row_nginx"), b.Nginx},
		{chain.Say("site.row_php"), b.PHPShared},
		{chain.Say("site.row_children", "n", b.Children, "each", b.PHPChild), uint64(b.Children) * b.PHPChild},
		{chain.Say("site.row_sql"), b.SQLBase},
		{chain.Say("site.row_pool"), b.BufferPool},
		{chain.Say("site.row_connections", "n", b.Connections, "each", b.SQLConnection), uint64(b.Connections) * b.SQLConnection},
		{chain.Say("site.row_sum"), b.Sum()},
		{chain.Say("site.row_machine"), b.Machine},
	}
}

// machineMemory is what there is to be had: the machine's memory, or the least limit
// of the control groups that we are in. root is "/" but in tests.
func machineMemory(root string) (uint64, error) {
	f, err := os.Open(filepath.Join(root, "proc/meminfo"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	total, err := memTotal(f)
	if err != nil {
		return 0, err
	}
	return min(total, groupsLimit(root, "proc/self/cgroup")), nil
}

// cgroupLimit is the least limit of the control groups that such a file names.
func cgroupLimit(path string) uint64 { return groupsLimit("/", path) }

func groupsLimit(root, path string) uint64 {
	limit := uint64(math.MaxUint64)
	groups, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return limit // a kernel without control groups
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		base, files := "", []string(nil)
		switch {
		case parts[1] == "":
			// Above memory.high the kernel slows a group down until it stands still.
			base, files = filepath.Join(root, "sys/fs/cgroup"), []string{"memory.max", "memory.high"}
		case strings.Contains(","+parts[1]+",", ",memory,"):
			base, files = filepath.Join(root, "sys/fs/cgroup/memory"), []string{"memory.limit_in_bytes"}
		default:
			continue
		}
		// In a namespace the path may lead nowhere, but its root is there.
		for at := filepath.Clean("/" + parts[2]); ; at = filepath.Dir(at) {
			for _, file := range files {
				limit = min(limit, limitIn(filepath.Join(base, at, file)))
			}
			if at == "/" {
				break
			}
		}
	}
	return limit
}

func memTotal(r io.Reader) (uint64, error) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseUint(fields[1], 10, 54)
			return kib << 10, err
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// limitIn reads a limit; without one ("max", no file) it is boundless.
func limitIn(path string) uint64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return math.MaxUint64
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || n == 0 {
		return math.MaxUint64
	}
	return n
}
