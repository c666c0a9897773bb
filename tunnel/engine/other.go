//go:build !linux

package engine

import (
	"context"
	"errors"
)

// Elsewhere than on Linux it is only known to compile.

func (s *echoes) ask(ping) bool { return false }

func cutUp(uint16) {}

// MTU cannot be found out here.
func MTU(context.Context, string) (int, error) { return 0, errors.ErrUnsupported }
