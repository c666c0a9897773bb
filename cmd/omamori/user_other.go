//go:build !linux

package main

import (
	"errors"
	"fmt"
)

// becomeUser refuses root: what it takes to give that up for good is Linux's.
func becomeUser(who account, _ string) error {
	if who.become {
		return fmt.Errorf("give up root: %w here; run it as another user", errors.ErrUnsupported)
	}
	return nil
}
