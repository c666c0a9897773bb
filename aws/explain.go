package aws

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/words"
)

// withName is an error about something that has a name.
type withName struct {
	error
	name string
}

func (e *withName) Unwrap() error { return e.error }

// named says what an error is about.
func named(err error, name string) error {
	if err == nil {
		return nil
	}
	return &withName{err, name}
}

// maxText is how much of AWS's own words is kept, in bytes.
const maxText = 300

// explain makes of any error one that can be told.
func explain(ctx context.Context, err error) *cloud.Error {
	var own *cloud.Error
	if errors.As(err, &own) {
		return own
	}
	e := &cloud.Error{Code: cloud.Refused}
	var about *withName
	if errors.As(err, &about) {
		e.Name = about.name
	}
	var said smithy.APIError
	if !errors.As(err, &said) {
		return without(ctx, e, err)
	}
	e.Text = short(said.ErrorMessage())
	if off, ok := clock(err); ok && signature(said.ErrorCode()) {
		e.Code, e.Off = cloud.Skew, off
		return e
	}
	e.Code = codeOf(said.ErrorCode(), said.ErrorMessage())
	if e.Code == cloud.Denied {
		e.Permission = permissionIn(said.ErrorMessage())
		var op *smithy.OperationError
		if e.Permission == "" && errors.As(err, &op) {
			e.Permission = permissionOf(op)
		}
	}
	if e.Code == cloud.Refused {
		e.Text = short(said.ErrorCode() + ": " + said.ErrorMessage())
	}
	return e
}

// without explains an error that AWS itself has not said.
func without(ctx context.Context, e *cloud.Error, err error) *cloud.Error {
	var dns *net.DNSError
	var dial *net.OpError
	var timeout net.Error
	text := err.Error()
	switch {
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		e.Code = cloud.Slow
	case strings.Contains(text, "get credentials"), strings.Contains(text, "failed to refresh cached credentials"),
		strings.Contains(text, "failed to get shared config profile"):
		e.Code = cloud.NoCredentials
	case errors.As(err, &dns), errors.As(err, &dial):
		e.Code = cloud.Unreachable
	}
	e.Text = short(text)
	return e
}

// codeOf sorts what AWS calls its errors.
func codeOf(code, message string) cloud.ErrorCode {
	switch code {
	case "RulesPerSecurityGroupLimitExceeded":
		return cloud.Full
	case "RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException":
		return cloud.Throttled
	case "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature":
		return cloud.BadCredentials
	case "RequestExpired", "ExpiredToken", "ExpiredTokenException":
		return cloud.Expired
	case "InvalidAuthenticationCode", (*types.InvalidAuthenticationCodeException)(nil).ErrorCode():
		return cloud.WrongCode
	case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException":
		return whatFailed(message)
	case "NoSuchEntity", "NoSuchEntityException", "LoadBalancerNotFound", "AccessPointNotFound", "EC2InstanceNotFoundException", "ResourceNotFoundException", "InvalidInstanceId":
		return cloud.NotFound
	}
	if strings.HasPrefix(code, "Invalid") && (strings.HasSuffix(code, ".NotFound") || strings.HasSuffix(code, ".Malformed")) {
		return cloud.NotFound
	}
	return cloud.Refused
}

// whatFailed tells the three sorts of AccessDenied apart, of which AWS's words alone say
// which it is.
func whatFailed(message string) cloud.ErrorCode {
	m := strings.ToLower(message)
	switch {
	case strings.Contains(m, "invalid mfa one time pass code"):
		return cloud.WrongCode
	case strings.Contains(m, "unable to validate mfa code"), strings.Contains(m, "verify your mfa serial number"):
		return cloud.WrongSerial
	}
	return cloud.Denied
}

// permissionIn finds the permission that a refusal names, "" if it names none.
func permissionIn(message string) string {
	_, after, found := strings.Cut(message, "is not authorized to perform: ")
	if !found {
		return ""
	}
	p, _, _ := strings.Cut(after, " ")
	p = strings.TrimRight(p, ".,")
	service, action, ok := strings.Cut(p, ":")
	if !ok || service == "" || action == "" || len(p) > 100 || strings.ContainsFunc(p, notOfAPermission) {
		return ""
	}
	return p
}

func notOfAPermission(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ':' && r != '-' && r != '*'
}

// permissionOf guesses the permission from the call that was refused.
func permissionOf(op *smithy.OperationError) string {
	prefix := map[string]string{
		"EC2": "ec2", "IAM": "iam", "STS": "sts", "Account": "account", "SSM": "ssm", "Cost Explorer": "ce",
		"EC2 Instance Connect": "ec2-instance-connect", "Elastic Load Balancing": "elasticloadbalancing", "Elastic Load Balancing v2": "elasticloadbalancing",
	}[op.Service()]
	if prefix == "" {
		return ""
	}
	return prefix + ":" + op.Operation()
}

// signature reports whether a code may mean that the clock is wrong.
func signature(code string) bool {
	switch code {
	case "AuthFailure", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed":
		return true
	}
	return false
}

// clock is by how much this machine's clock is behind that of AWS, if that is more than
// signing allows.
func clock(err error) (off time.Duration, ok bool) {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Response == nil {
		return 0, false
	}
	at, err := http.ParseTime(answer.Response.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	off = time.Until(at).Round(time.Second)
	return off, off > 4*time.Minute || off < -4*time.Minute
}

// short is text of AWS's as one clean line.
func short(s string) string {
	if before, _, found := strings.Cut(s, "Encoded authorization failure message"); found {
		s = before
	}
	s = strings.Join(strings.Fields(words.Clean(s)), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
