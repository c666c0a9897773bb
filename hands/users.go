package hands

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// account is a user of the system. It is read from /etc/passwd and /etc/group
// directly: os/user would need the C library, which a program of several threads
// cannot give its privileges up with.
type account struct {
	name     string
	uid, gid uint32
	groups   []uint32
	home     string
}

func findUser(name string) (account, error) {
	var a account
	err := eachLine("/etc/passwd", func(f []string) (stop bool) {
		if len(f) < 7 || f[0] != name {
			return false
		}
		uid, err1 := strconv.ParseUint(f[2], 10, 32)
		gid, err2 := strconv.ParseUint(f[3], 10, 32)
		if err1 != nil || err2 != nil {
			return false
		}
		a = account{name: name, uid: uint32(uid), gid: uint32(gid), groups: []uint32{uint32(gid)}, home: f[5]}
		return true
	})
	if err != nil {
		return account{}, err
	}
	if a.name == "" {
		return account{}, fmt.Errorf("no user %s", name)
	}
	return a, eachLine("/etc/group", func(f []string) (stop bool) {
		if len(f) < 4 || !slices.Contains(strings.Split(f[3], ","), name) {
			return false
		}
		gid, err := strconv.ParseUint(f[2], 10, 32)
		if err == nil && !slices.Contains(a.groups, uint32(gid)) {
			a.groups = append(a.groups, uint32(gid))
		}
		return false
	})
}

func eachLine(path string, f func(fields []string) (stop bool)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if f(strings.Split(lines.Text(), ":")) {
			return nil
		}
	}
	return lines.Err()
}
