package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Root is not told to become root: what keeps omamori from having hands is named.
func TestWhatKeepsHandsAway(t *testing.T) {
	there := filepath.Join(t.TempDir(), "hands.json")
	if err := os.WriteFile(there, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := there + ".not"
	for _, c := range []struct {
		name     string
		settings *handsSettings
		usual    string
		root     bool
		file     string
		why      string
	}{
		{"a user", &handsSettings{File: there}, there, false, "", "run.hands_no_root"},
		{"root, nothing written", nil, missing, true, "", "run.hands_no_file"},
		{"root, an empty section", &handsSettings{}, missing, true, "", "run.hands_no_file"},
		{"root, the usual file", nil, there, true, there, ""},
		{"root, a file of its own", &handsSettings{File: missing}, there, true, missing, ""},
	} {
		file, why := handsFile(c.settings, c.usual, c.root)
		if file != c.file || why.Key != c.why {
			t.Errorf("%s: %q, %+v", c.name, file, why)
		}
		if c.why == "run.hands_no_file" && why.Args["path"] != c.usual {
			t.Errorf("%s: names %q", c.name, why.Args["path"])
		}
	}
}
