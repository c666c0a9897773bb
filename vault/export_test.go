package vault

// Cutting is s, whose every write of a file asks cut first and fails with what that says.
func (s Store) Cutting(cut func() error) Store {
	s.cut = cut
	return s
}
