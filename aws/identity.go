package aws

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/omamori-guard/omamori/cloud"
)

// whoami is the name in full of who asks, which nobody needs a permission for.
func (a *account) whoami(ctx context.Context) (arn string, err error) {
	out, err := sts.NewFromConfig(a.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Arn), nil
}

// userOf is the IAM user of an ARN, "" if it is none: the root user, or a role.
func userOf(arn string) string {
	_, path, ok := strings.Cut(arn, ":user/")
	if !ok {
		return ""
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// proveCode has AWS take a code, by asking for the shortest session and throwing it away.
func proveCode(ctx context.Context, a *account, c cloud.Code) (cloud.Nothing, error) {
	_, err := sts.NewFromConfig(a.cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{
		SerialNumber: &c.Serial, TokenCode: &c.Code, DurationSeconds: aws.Int32(sessionTime),
	})
	return cloud.Nothing{}, named(err, c.Serial)
}

func devices(ctx context.Context, a *account, _ cloud.Nothing) (cloud.Devices, error) {
	arn, err := a.whoami(ctx)
	if err != nil {
		return cloud.Devices{}, err
	}
	out := cloud.Devices{ARN: arn, User: userOf(arn)}
	if out.User != "" {
		pages := iam.NewListMFADevicesPaginator(a.iam(), &iam.ListMFADevicesInput{UserName: &out.User})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return out, named(err, out.User)
			}
			for _, d := range page.MFADevices {
				out.Devices = append(out.Devices, aws.ToString(d.SerialNumber))
			}
		}
	}
	sum, err := a.iam().GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return out, err
	}
	out.Root = sum.SummaryMap["AccountMFAEnabled"] > 0
	return out, nil
}

func resync(ctx context.Context, a *account, c cloud.Code) (cloud.Nothing, error) {
	arn, err := a.whoami(ctx)
	if err != nil {
		return cloud.Nothing{}, err
	}
	_, err = a.iam().ResyncMFADevice(ctx, &iam.ResyncMFADeviceInput{
		UserName: aws.String(userOf(arn)), SerialNumber: &c.Serial, AuthenticationCode1: &c.Code, AuthenticationCode2: &c.Second,
	})
	return cloud.Nothing{}, named(err, c.Serial)
}

// may asks IAM what it would say, so that nothing is changed to find out.
func may(ctx context.Context, a *account, m cloud.May) (cloud.Might, error) {
	arn, err := a.whoami(ctx)
	if err != nil {
		return cloud.Might{}, err
	}
	out := cloud.Might{ARN: arn}
	pages := iam.NewSimulatePrincipalPolicyPaginator(a.iam(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(policySource(arn)), ActionNames: m.Actions})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return out, named(err, arn)
		}
		for _, r := range page.EvaluationResults {
			if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				out.Denied = append(out.Denied, aws.ToString(r.EvalActionName))
			}
		}
	}
	return out, nil
}

// policySource is whose policies count for an ARN: of a session that of its role.
func policySource(arn string) string {
	before, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	role, _, _ := strings.Cut(rest, "/")
	return strings.Replace(before, ":sts:", ":iam:", 1) + ":role/" + role
}

func keys(ctx context.Context, a *account, _ cloud.Nothing) (cloud.Keys, error) {
	arn, err := a.whoami(ctx)
	if err != nil {
		return cloud.Keys{}, err
	}
	used, err := a.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return cloud.Keys{}, err
	}
	out := cloud.Keys{ARN: arn, Using: used.AccessKeyID, Temporary: used.SessionToken != ""}
	user := userOf(arn)
	if user == "" {
		return out, nil
	}
	pages := iam.NewListAccessKeysPaginator(a.iam(), &iam.ListAccessKeysInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return out, named(err, user)
		}
		for _, k := range page.AccessKeyMetadata {
			key := cloud.Key{ID: aws.ToString(k.AccessKeyId), Active: k.Status == types.StatusTypeActive, Created: aws.ToTime(k.CreateDate)}
			last, err := a.iam().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId})
			if err != nil {
				return out, named(err, key.ID)
			}
			if u := last.AccessKeyLastUsed; u != nil && u.LastUsedDate != nil && u.LastUsedDate.After(time.Unix(0, 0)) {
				key.Used, key.By = *u.LastUsedDate, aws.ToString(u.ServiceName)
			}
			out.Keys = append(out.Keys, key)
		}
	}
	return out, nil
}
