package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// byOmamori runs the real programs: hands keep the server, a guard watches it.
func byOmamori(_ context.Context, s *server) (func(), error) {
	handsFile := filepath.Join(s.dir, "hands.json")
	b, err := json.Marshal(map[string]any{
		"guard": "root", "run": filepath.Join(s.dir, "hands"), "deeds": 1000,
		"services": []any{map[string]any{
			"name": "mariadb", "child": map[string]any{"argv": s.argv, "user": "root", "dir": "/"},
			"pid_file": s.pid, "logs": []string{filepath.Join(s.dir, "run", "error.log")}, "writes": []string{filepath.Join(s.dir, "data")},
		}},
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(handsFile, b, 0o600); err != nil {
		return nil, err
	}
	conf := filepath.Join(s.dir, "omamori.yaml")
	text := fmt.Sprintf(`hands: {file: %s}
links:
  mariadb: {kind: process, service: mariadb}
  sql: {kind: mysql, needs: [mariadb], socket: %s, user: root, service: mariadb, every: 2s, timeout: 1s}
goals:
  data: {title: the data can be read, ways: {sql: [sql]}}
`, handsFile, s.socket)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return begin("bin/omamori", "run", "-c", conf, "--state", filepath.Join(s.dir, "state"), "--user", "root")
}
