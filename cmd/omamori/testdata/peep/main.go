// Command peep tries every way to what another process of the same user has in memory, and
// says what it could do.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	say := func(what string, err error) {
		if err != nil {
			fmt.Println("refused:", what, err)
			return
		}
		fmt.Println("read:", what)
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	say("maps", err)
	_, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	say("environ", err)
	start, _, _ := strings.Cut(string(maps), "-")
	at, _ := strconv.ParseInt(start, 16, 64)
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err == nil && at > 0 {
		_, err = mem.ReadAt(make([]byte, 8), at)
	}
	say("mem", err)
	b := make([]byte, 8)
	local := unix.Iovec{Base: &b[0]}
	local.SetLen(len(b))
	_, err = unix.ProcessVMReadv(pid, []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(at), Len: len(b)}}, 0)
	say("process_vm_readv", err)
	say("ptrace", unix.PtraceSeize(pid))
}
