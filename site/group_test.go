package site

import (
	"os"
	"testing"
)

func TestMemoryGroup(t *testing.T) {
	for groups, want := range map[string]string{
		"0::/system.slice/mariadb.service\n":                          "/system.slice/mariadb.service",
		"9:memory:/box\n8:cpu,cpuacct:/other\n0::/init.scope\n":       "/box",
		"8:cpu,cpuacct:/other\n0::/system.slice/php8.2-fpm.service\n": "/system.slice/php8.2-fpm.service",
		"": "",
	} {
		if got := memoryGroup(groups); got != want {
			t.Errorf("%q: %q, not %q", groups, got, want)
		}
	}
	if !within("/a/b", "/a") || !within("/a", "/") || within("/ab", "/a") || within("/a", "/a/b") {
		t.Error("what lies in what")
	}
}

// A kill in a group that is no concern of a service's says nothing about it.
func TestConcerns(t *testing.T) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	ours := concerns([]int{os.Getpid()})
	if own := memoryGroup(string(b)); !ours("") || !ours(own) {
		t.Errorf("%q is ours", own)
	}
	if ns, _ := os.Readlink("/proc/self/ns/cgroup"); ns == firstGroups && ours("/somebody-elses") {
		t.Error("another's group is not ours")
	}
	if !concerns([]int{0})("/anywhere") {
		t.Error("what cannot be told is not left out")
	}
}
