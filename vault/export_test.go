package vault

import "time"

// Restored is what Revert does to a former state.
func (v *Vault) Restored(now *Vault, at time.Time) { v.restored(now, at) }

// Copy is v as another device has it.
func (v *Vault) Copy() *Vault {
	c := *v
	c.entries = nil
	for _, e := range v.entries {
		c.entries = append(c.entries, e.clone())
	}
	c.recipients = append([]Recipient(nil), v.recipients...)
	return &c
}

// Cutting is s, whose every write of a file asks cut first and fails with what that says.
func (s Store) Cutting(cut func() error) Store {
	s.cut = cut
	return s
}
