package aws

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/omamori-guard/omamori/cloud"
)

const (
	attempts    = 5                // of one call
	longestWait = 2 * time.Second  // between two
	callTime    = 15 * time.Second // one attempt
	// sessionTime is that of a session opened with a code: the shortest that AWS gives.
	sessionTime = 900
)

// account is the way to AWS of one request.
type account struct {
	cfg aws.Config
}

// connect reads the configuration as AWS's own tools do. It needs none for what needs no
// account.
func connect(ctx context.Context, r cloud.Request) (*account, error) {
	if r.Do == cloud.DoAddress {
		return &account{}, nil
	}
	access := r.Access
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(&http.Client{Timeout: callTime, Transport: http.DefaultTransport}),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, longestWait })
		}),
		config.WithEC2IMDSRegion(),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			serial := aws.ToString(o.SerialNumber)
			o.TokenProvider = func() (string, error) {
				if access.Code == "" {
					return "", &cloud.Error{Code: cloud.WantsCode, Name: serial}
				}
				return access.Code, nil
			}
		}),
	}
	if access.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(access.Profile))
	}
	if access.Region != "" {
		options = append(options, config.WithRegion(access.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, &cloud.Error{Code: cloud.NoRegion}
	}
	a := &account{cfg: cfg}
	return a, a.session(ctx, access)
}

// session opens a session with a code, if there is one that no role asks for.
func (a *account) session(ctx context.Context, access cloud.Access) error {
	serial, role := access.Serial, false
	for _, source := range a.cfg.ConfigSources {
		if shared, ok := source.(config.SharedConfig); ok {
			role = shared.RoleARN != ""
			if serial == "" {
				serial = shared.MFASerial
			}
		}
	}
	switch {
	case role, serial == "" && access.Code == "":
		return nil
	case serial == "":
		return &cloud.Error{Code: cloud.NoDevice}
	}
	if access.Code == "" {
		if access.Serial == "" {
			return nil // the profile's own, which not everything asks for
		}
		return &cloud.Error{Code: cloud.WantsCode, Name: serial}
	}
	out, err := sts.NewFromConfig(a.cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{
		SerialNumber: &serial, TokenCode: &access.Code, DurationSeconds: aws.Int32(sessionTime),
	})
	if err != nil {
		return named(err, serial)
	}
	c := out.Credentials
	a.cfg.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	return nil
}

func (a *account) ec2() *ec2.Client { return ec2.NewFromConfig(a.cfg) }

func (a *account) iam() *iam.Client { return iam.NewFromConfig(a.cfg) }

// in is the same account in another region.
func (a *account) in(region string) *account {
	cfg := a.cfg.Copy()
	cfg.Region = region
	return &account{cfg}
}

// self is the instance that this program runs on, if id asks for that.
func (a *account) self(ctx context.Context, id string) (string, error) {
	if id != "self" {
		return id, nil
	}
	doc, err := imds.NewFromConfig(a.cfg).GetInstanceIdentityDocument(ctx, nil)
	if err != nil {
		return "", &cloud.Error{Code: cloud.NoInstance}
	}
	return doc.InstanceID, nil
}

// poll calls done until it says yes, ctx ends, or a bound is met: AWS shows what it has
// taken only after a while.
func poll(ctx context.Context, done func() (bool, error)) (bool, error) {
	const tries = 12
	pause := 50 * time.Millisecond
	for range tries {
		ok, err := done()
		if ok || err != nil {
			return ok, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(pause):
		}
		pause = min(pause*2, longestWait)
	}
	return false, nil
}
