package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2instanceconnect"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/omamori-guard/omamori/cloud"
)

// findInstance finds a machine by its id; "self" is this one.
func (a *account) findInstance(ctx context.Context, id string) (string, types.Instance, error) {
	id, err := a.self(ctx, id)
	if err != nil {
		return id, types.Instance{}, err
	}
	out, err := a.ec2().DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		return id, types.Instance{}, named(err, id)
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			return id, i, nil
		}
	}
	return id, types.Instance{}, &cloud.Error{Code: cloud.NotFound, Name: id}
}

func (a *account) toldOf(i types.Instance) cloud.Instance {
	out := cloud.Instance{ID: aws.ToString(i.InstanceId), Region: a.cfg.Region, Address: aws.ToString(i.PublicIpAddress)}
	if i.State != nil {
		out.State = string(i.State.Name)
	}
	if i.Placement != nil {
		out.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	if i.IamInstanceProfile != nil {
		out.Profile = aws.ToString(i.IamInstanceProfile.Arn)
	}
	return out
}

func instance(ctx context.Context, a *account, id string) (cloud.Instance, error) {
	id, err := a.self(ctx, id)
	if err != nil {
		return cloud.Instance{}, err
	}
	out := cloud.Instance{ID: id, Region: a.cfg.Region}
	status, err := a.ec2().DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}, IncludeAllInstances: aws.Bool(true)})
	if err != nil {
		return out, named(err, id)
	}
	if len(status.InstanceStatuses) == 0 {
		return out, &cloud.Error{Code: cloud.NotFound, Name: id}
	}
	s := status.InstanceStatuses[0]
	out.Zone = aws.ToString(s.AvailabilityZone)
	if s.InstanceState != nil {
		out.State = string(s.InstanceState.Name)
	}
	if s.SystemStatus != nil {
		out.System = string(s.SystemStatus.Status)
	}
	if s.InstanceStatus != nil {
		out.Machine = string(s.InstanceStatus.Status)
		for _, d := range s.InstanceStatus.Details {
			if d.ImpairedSince != nil {
				out.Since = *d.ImpairedSince
			}
		}
	}
	return out, nil
}

func reboot(ctx context.Context, a *account, id string) (cloud.Nothing, error) {
	id, err := a.self(ctx, id)
	if err != nil {
		return cloud.Nothing{}, err
	}
	_, err = a.ec2().RebootInstances(ctx, &ec2.RebootInstancesInput{InstanceIds: []string{id}})
	return cloud.Nothing{}, named(err, id)
}

func agent(ctx context.Context, a *account, id string) (cloud.Agent, error) {
	id, i, err := a.findInstance(ctx, id)
	if err != nil {
		return cloud.Agent{}, err
	}
	out := cloud.Agent{Instance: a.toldOf(i)}
	info, err := ssm.NewFromConfig(a.cfg).DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{id}}},
	})
	if err != nil {
		return out, named(err, id)
	}
	for _, one := range info.InstanceInformationList {
		out.Status = string(one.PingStatus)
		if one.LastPingDateTime != nil {
			out.Pinged = *one.LastPingDateTime
		}
	}
	return out, nil
}

func pushKey(ctx context.Context, a *account, k cloud.PublicKey) (cloud.Nothing, error) {
	id, err := a.self(ctx, k.Instance)
	if err != nil {
		return cloud.Nothing{}, err
	}
	_, err = ec2instanceconnect.NewFromConfig(a.cfg).SendSSHPublicKey(ctx, &ec2instanceconnect.SendSSHPublicKeyInput{
		InstanceId: &id, InstanceOSUser: &k.User, SSHPublicKey: &k.Key,
	})
	return cloud.Nothing{}, named(err, id)
}

func serial(ctx context.Context, a *account, _ cloud.Nothing) (cloud.Serial, error) {
	out, err := a.ec2().GetSerialConsoleAccessStatus(ctx, &ec2.GetSerialConsoleAccessStatusInput{})
	if err != nil {
		return cloud.Serial{}, err
	}
	return cloud.Serial{Region: a.cfg.Region, On: aws.ToBool(out.SerialConsoleAccessEnabled)}, nil
}
