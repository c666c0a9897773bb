package chain

import (
	"fmt"
	"time"
)

// Coder is a checker whose answer is a one-time code. The guard holds no vault: the
// command line on the owner's device compares the code with the entry, and gives Check
// what came of it, a CodeResult as text, in place of the code.
type Coder interface {
	Checker
	// Code says of which entry of the vault the code is, and which thing shows it.
	Code() (entry, device string)
}

// Judged is a checker whose one-time code somebody else judges, such as AWS, and uses up.
type Judged interface {
	Checker
	// Entry is the entry of the vault that makes the same codes, "" if none does. Where a
	// proof is of the cause CodeRefused, the command line compares the code with it, and
	// gives Check the CodeResult: it then says why.
	Entry() string
}

// CodeRefused is the cause of a proof that broke because a code was refused.
const CodeRefused = "wrong_code"

// CodeResult is what came of comparing a one-time code.
type CodeResult struct {
	// Found says that it is a code of the entry, Steps how far the clock of what showed
	// it is ahead, or behind where negative, in steps of Period.
	Found  bool
	Steps  int
	Period time.Duration
	// Moving says that nothing was compared: a new device is to have the account, and
	// has not shown a code yet.
	Moving bool
}

// CodeTolerance is how many steps off a code may be: servers take that much (RFC 6238,
// section 5.2).
const CodeTolerance = 1

func (r CodeResult) String() string {
	switch {
	case r.Moving:
		return "code:moving"
	case !r.Found:
		return "code:none"
	}
	return fmt.Sprintf("code:%+d/%d", r.Steps, int(r.Period/time.Second))
}

// ParseCodeResult reads what String wrote.
func ParseCodeResult(s string) (r CodeResult, ok bool) {
	switch s {
	case "code:moving":
		return CodeResult{Moving: true}, true
	case "code:none":
		return CodeResult{}, true
	}
	seconds := 0
	if n, err := fmt.Sscanf(s, "code:%d/%d", &r.Steps, &seconds); n != 2 || err != nil || seconds < 1 || seconds > 24*60*60 {
		return CodeResult{}, false
	}
	r.Found, r.Period = true, time.Duration(seconds)*time.Second
	return r, r.String() == s && r.Steps > -1000 && r.Steps < 1000
}
