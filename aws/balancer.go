package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/omamori-guard/omamori/cloud"
)

// found is a load balancer of either sort; arn is empty for a classic one.
type found struct {
	cloud.Balancer
	arn string
}

// findBalancer looks for a load balancer among the newer ones, then the classic ones.
func (a *account) findBalancer(ctx context.Context, name string) (found, error) {
	in := &elasticloadbalancingv2.DescribeLoadBalancersInput{Names: []string{name}}
	if strings.HasPrefix(name, "arn:") {
		in = &elasticloadbalancingv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{name}}
	}
	out, err := elasticloadbalancingv2.NewFromConfig(a.cfg).DescribeLoadBalancers(ctx, in)
	if isCode(err, "LoadBalancerNotFound") && in.Names != nil {
		return a.findClassic(ctx, name)
	}
	if err != nil {
		return found{}, named(err, name)
	}
	if len(out.LoadBalancers) > 0 {
		b := out.LoadBalancers[0]
		f := found{cloud.Balancer{Name: aws.ToString(b.LoadBalancerName), Type: string(b.Type), Groups: b.SecurityGroups}, aws.ToString(b.LoadBalancerArn)}
		if b.State != nil {
			f.State = string(b.State.Code)
		}
		return f, nil
	}
	return found{}, &cloud.Error{Code: cloud.NotFound, Name: name}
}

func (a *account) findClassic(ctx context.Context, name string) (found, error) {
	out, err := elb.NewFromConfig(a.cfg).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerNames: []string{name}})
	if err != nil {
		return found{}, named(err, name)
	}
	if len(out.LoadBalancerDescriptions) > 0 {
		b := out.LoadBalancerDescriptions[0]
		f := found{Balancer: cloud.Balancer{Name: name, Type: "classic", State: "active", Groups: b.SecurityGroups}}
		for _, l := range b.ListenerDescriptions {
			if l.Listener != nil {
				f.Listeners = append(f.Listeners, cloud.Listener{Protocol: aws.ToString(l.Listener.Protocol), Port: int(l.Listener.LoadBalancerPort)})
			}
		}
		return f, nil
	}
	return found{}, &cloud.Error{Code: cloud.NotFound, Name: name}
}

// balancer tells of a load balancer, its listeners and its targets' health.
func balancer(ctx context.Context, a *account, name string) (cloud.Balancer, error) {
	f, err := a.findBalancer(ctx, name)
	if err != nil {
		return cloud.Balancer{}, err
	}
	if f.arn == "" {
		return a.classicHealth(ctx, f.Balancer)
	}
	client := elasticloadbalancingv2.NewFromConfig(a.cfg)
	listeners, err := client.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: &f.arn})
	if err != nil {
		return f.Balancer, named(err, name)
	}
	for _, l := range listeners.Listeners {
		f.Listeners = append(f.Listeners, cloud.Listener{Protocol: string(l.Protocol), Port: int(aws.ToInt32(l.Port))})
	}
	targets, err := client.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{LoadBalancerArn: &f.arn})
	if err != nil {
		return f.Balancer, named(err, name)
	}
	for _, g := range targets.TargetGroups {
		health, err := client.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		if err != nil {
			return f.Balancer, named(err, aws.ToString(g.TargetGroupName))
		}
		for _, t := range health.TargetHealthDescriptions {
			f.Targets = append(f.Targets, healthOf(t))
		}
	}
	return f.Balancer, nil
}

func healthOf(t types.TargetHealthDescription) (h cloud.Health) {
	if t.Target != nil {
		h.ID = aws.ToString(t.Target.Id)
	}
	if t.TargetHealth != nil {
		h.Well = t.TargetHealth.State == types.TargetHealthStateEnumHealthy
		h.Says = short(strings.TrimSpace(string(t.TargetHealth.State) + " " + aws.ToString(t.TargetHealth.Description)))
	}
	return h
}

func (a *account) classicHealth(ctx context.Context, b cloud.Balancer) (cloud.Balancer, error) {
	out, err := elb.NewFromConfig(a.cfg).DescribeInstanceHealth(ctx, &elb.DescribeInstanceHealthInput{LoadBalancerName: &b.Name})
	if err != nil {
		return b, named(err, b.Name)
	}
	for _, s := range out.InstanceStates {
		state := aws.ToString(s.State)
		b.Targets = append(b.Targets, cloud.Health{
			ID: aws.ToString(s.InstanceId), Well: state == "InService", Says: short(state + " " + aws.ToString(s.Description)),
		})
	}
	return b, nil
}
