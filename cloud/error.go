package cloud

import (
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Code says in a word why something could not be done.
type ErrorCode string

const (
	NotFound       ErrorCode = "not_found"       // Name does not exist
	Full           ErrorCode = "full"            // no more rules in the group Name
	Throttled      ErrorCode = "throttled"       // AWS is asked too often
	Denied         ErrorCode = "denied"          // Permission is missing
	WrongCode      ErrorCode = chain.CodeRefused // the MFA code is not the right one, or used up
	WrongSerial    ErrorCode = "wrong_serial"    // there is no MFA device Name of this user
	WantsCode      ErrorCode = "wants_code"      // the MFA device Name is to show one
	NoDevice       ErrorCode = "no_device"       // there is a code, but nothing says of which device
	WrongSMS       ErrorCode = "wrong_sms"       // the code of the SMS is wrong or too old
	NumberChanged  ErrorCode = "number_changed"  // since the SMS was sent
	Skew           ErrorCode = "skew"            // this machine's clock is off by Off
	NoCredentials  ErrorCode = "no_credentials"  // nothing says who we are
	BadCredentials ErrorCode = "bad_credentials" // AWS does not know them
	Expired        ErrorCode = "expired"         // the session is over
	NoRegion       ErrorCode = "no_region"       // nothing says where
	NoInstance     ErrorCode = "no_instance"     // "self" is no instance
	Several        ErrorCode = "several"         // groups (Name): one is to be named
	NoGroup        ErrorCode = "no_group"        // Name has none
	TooMany        ErrorCode = "too_many"        // leases
	TooLong        ErrorCode = "too_long"        // a time, above Limit
	TooWide        ErrorCode = "too_wide"        // Name is no address of one owner
	Unreachable    ErrorCode = "unreachable"     // no connection
	Slow           ErrorCode = "slow"            // no answer in time
	BadRequest     ErrorCode = "bad_request"     // of ours
	NoProgram      ErrorCode = "no_program"      // omamori-aws is not at Name
	Refused        ErrorCode = "refused"         // anything else, in AWS's words
)

// Error is why something could not be done. It holds no secret.
type Error struct {
	Code       ErrorCode     `json:"code"`
	Permission string        `json:"permission,omitempty"`
	Name       string        `json:"name,omitempty"`
	Limit      time.Duration `json:"limit,omitempty"`
	Off        time.Duration `json:"off,omitempty"`
	// Text is what AWS said, as it is shown.
	Text string `json:"text,omitempty"`
}

func (e *Error) Error() string {
	parts := []string{"aws: " + string(e.Code)}
	for _, p := range []string{e.Permission, e.Name, e.Text} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ": ")
}

// Said puts the error into words.
func (e *Error) Said() (text, hint chain.Text) {
	off := e.Off
	way := "slow"
	if off < 0 {
		off, way = -off, "fast"
	}
	pairs := []any{"name", e.Name, "permission", e.Permission, "limit", e.Limit, "text", e.Text, "off", off}
	switch {
	case e.Code == Skew:
		return chain.Say("cloud.err_skew_"+way, pairs...), chain.Say("cloud.err_skew_hint", pairs...)
	case e.Code == Denied && e.Permission == "":
		return chain.Say("cloud.err_denied_unnamed", pairs...), chain.Say("cloud.err_denied_unnamed_hint", pairs...)
	case e.Code == WrongSerial && strings.Contains(e.Name, ":user/"):
		mfa := strings.Replace(e.Name, ":user/", ":mfa/", 1)
		return chain.Say("cloud.err_wrong_serial", pairs...), chain.Say("cloud.err_wrong_serial_user_hint", "name", mfa)
	}
	return chain.Say("cloud.err_"+string(e.Code), pairs...), chain.Say("cloud.err_"+string(e.Code)+"_hint", pairs...)
}
