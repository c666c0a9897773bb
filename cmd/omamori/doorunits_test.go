package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// A boot that closes the door starts those who open it, whatever else is enabled.
func TestABootThatClosesStartsWhatOpens(t *testing.T) {
	b, err := os.ReadFile("../../packaging/systemd/" + doorUnits[0])
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for line := range strings.Lines(string(b)) {
		if list, ok := strings.CutPrefix(line, "Wants="); ok {
			wanted = append(wanted, strings.Fields(list)...)
		}
	}
	for _, unit := range doorUnits[1:] {
		if !slices.Contains(wanted, unit) {
			t.Errorf("%s does not want %s", doorUnits[0], unit)
		}
	}
}
