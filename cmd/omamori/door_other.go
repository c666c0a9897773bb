//go:build !linux

package main

import (
	"errors"

	"github.com/omamori-guard/omamori/door"
)

// A door is kept on Linux alone; from elsewhere its owner knocks.
func (machine) Obstacles(_, _ []uint16) ([]door.Obstacle, error) { return nil, errors.ErrUnsupported }

func (machine) Legacy() []string { return nil }
