package memory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// system is where the kernel shows its figures.
type system struct{ proc, cgroups string }

// state is how it stands with memory, in bytes.
type state struct {
	total, available uint64 // of the machine, or of the group that has less left
	limit            string // that group; "" for the machine
	swap, swapFree   uint64

	// pressed says that the kernel measures for how much of the last ten seconds
	// some, and all, programs waited for memory; in percent.
	pressed     bool
	some, full  float64
	pressedLine string
}

func (m state) figures() []chain.Figure {
	f := []chain.Figure{
		{Name: "available", Value: float64(m.available), Unit: "B"},
		{Name: "total", Value: float64(m.total), Unit: "B"},
		{Name: "swap_used", Value: float64(m.swap - m.swapFree), Unit: "B"},
	}
	if m.pressed {
		f = append(f, chain.Figure{Name: "pressure_some", Value: m.some, Unit: "%"}, chain.Figure{Name: "pressure_full", Value: m.full, Unit: "%"})
	}
	return f
}

func round(percent float64) string {
	return strconv.FormatFloat(math.Round(percent*10)/10, 'f', -1, 64)
}

// read reads the machine's figures, and those of the control group and all above
// it; "" stands for our own.
func (s system) read(cgroup string) (state, error) {
	info, err := table(filepath.Join(s.proc, "meminfo"))
	if err != nil {
		return state{}, err
	}
	m := state{total: 1024 * info["MemTotal:"], available: 1024 * info["MemAvailable:"],
		swap: 1024 * info["SwapTotal:"], swapFree: 1024 * info["SwapFree:"]}
	if _, ok := info["MemAvailable:"]; !ok || m.total == 0 || m.swapFree > m.swap {
		return state{}, errors.New("/proc/meminfo has an unexpected form")
	}
	pressure := filepath.Join(s.proc, "pressure/memory")
	for _, g := range s.groups(cgroup) {
		total, available, ok := g.room()
		if ok && total < m.total && available < m.available {
			m.total, m.available, m.limit = total, available, g.path
			if p := filepath.Join(g.dir, "memory.pressure"); exists(p) {
				pressure = p
			}
		}
	}
	b, err := readShort(pressure)
	if err != nil { // kernels without pressure figures, or with them switched off
		return m, nil
	}
	m.some, m.full, m.pressedLine, m.pressed = parsePressure(string(b))
	return m, nil
}

// parsePressure reads what /proc/pressure/memory says of the last ten seconds, and
// the line of all programs.
func parsePressure(text string) (some, full float64, line string, ok bool) {
	var seen int
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) < 2 || f[0] != "some" && f[0] != "full" {
			continue
		}
		number, found := strings.CutPrefix(f[1], "avg10=")
		v, err := strconv.ParseFloat(number, 64)
		if !found || err != nil || math.IsNaN(v) || v < 0 || v > 100 {
			return 0, 0, "", false
		}
		seen++
		if f[0] == "some" {
			some = v
		} else {
			full, line = v, strings.TrimSpace(l)
		}
	}
	return some, full, line, seen == 2
}

// table reads lines of a name and a number.
func table(path string) (map[string]uint64, error) {
	b, err := readShort(path)
	if err != nil {
		return nil, err
	}
	return parseTable(string(b)), nil
}

func parseTable(text string) map[string]uint64 {
	t := map[string]uint64{}
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) < 2 {
			continue
		}
		if v, err := strconv.ParseUint(f[1], 10, 53); err == nil { // leaves room for units
			t[f[0]] = v
		}
	}
	return t
}

// number reads a file that holds one number; ok is false for "max" and the like.
func number(path string) (n uint64, ok bool) {
	b, err := readShort(path)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// readShort reads a small file of the kernel's.
func readShort(path string) ([]byte, error) {
	const most = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}
