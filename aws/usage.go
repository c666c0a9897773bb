package aws

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	cetypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/omamori-guard/omamori/cloud"
)

// maxMachines bounds what is read of one account.
const maxMachines = 1000

// usage looks for machines in every region, and asks what the month has cost.
func usage(ctx context.Context, a *account, l cloud.Look) (cloud.Usage, error) {
	var out cloud.Usage
	regions, err := a.ec2().DescribeRegions(ctx, &ec2.DescribeRegionsInput{}) // those that are switched on
	if err != nil {
		return out, err
	}
	for _, r := range regions.Regions {
		name := aws.ToString(r.RegionName)
		out.Regions++
		pages := ec2.NewDescribeInstancesPaginator(a.in(name).ec2(), &ec2.DescribeInstancesInput{})
		for pages.HasMorePages() && len(out.Machines) < maxMachines {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return out, named(err, name)
			}
			out.Machines = append(out.Machines, machines(name, page)...)
		}
	}
	if l.Spend {
		out.Spend, out.Unit, err = a.spend(ctx, time.Now().UTC())
	}
	return out, err
}

func machines(region string, page *ec2.DescribeInstancesOutput) (all []cloud.Seen) {
	for _, r := range page.Reservations {
		for _, i := range r.Instances {
			s := cloud.Seen{ID: aws.ToString(i.InstanceId), Region: region, Type: string(i.InstanceType)}
			if i.State != nil {
				s.State = string(i.State.Name)
			}
			for _, t := range i.Tags {
				if aws.ToString(t.Key) == "Name" {
					s.Name = aws.ToString(t.Value)
				}
			}
			if s.State != "terminated" {
				all = append(all, s)
			}
		}
	}
	return all
}

// spend is what the month has cost so far. AWS takes a cent for the question.
func (a *account) spend(ctx context.Context, now time.Time) (amount float64, unit string, err error) {
	// The end is the day after the last that counts.
	first, end := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC), now.AddDate(0, 0, 1)
	const day = time.DateOnly
	out, err := costexplorer.NewFromConfig(a.cfg).GetCostAndUsage(ctx, &costexplorer.GetCostAndUsageInput{
		Granularity: cetypes.GranularityMonthly, Metrics: []string{"UnblendedCost"},
		TimePeriod: &cetypes.DateInterval{Start: aws.String(first.Format(day)), End: aws.String(end.Format(day))},
	})
	if err != nil {
		return 0, "", err
	}
	for _, r := range out.ResultsByTime {
		cost, ok := r.Total["UnblendedCost"]
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(aws.ToString(cost.Amount), 64)
		if err != nil {
			return 0, "", errors.New("the amount cannot be read")
		}
		amount, unit = amount+n, aws.ToString(cost.Unit)
	}
	return amount, unit, nil
}
