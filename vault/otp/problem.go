package otp

// Problem is why an export, as a whole, cannot be read. No Problem quotes the export.
type Problem string

const (
	NotThis       Problem = "not_this"       // something else
	NeedsPassword Problem = "needs_password" // it is sealed
	WrongPassword Problem = "wrong_password"
	Damaged       Problem = "damaged"       // cut off or changed
	Costly        Problem = "costly"        // opening it would take more memory or time than it may
	AccountBound  Problem = "account_bound" // only the service that wrote it can open it
	NewerFormat   Problem = "newer_format"
)

func (p Problem) Error() string { return "export: " + string(p) }
