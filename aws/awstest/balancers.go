package awstest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Balancer is a load balancer, with one group of targets.
type Balancer struct {
	Name, Region string
	Type         string // "application", "network" or "classic"
	State        string // "active" if not said
	Groups       []string
	Listeners    []Listener
	// Targets maps what requests are passed on to, by id, to its health: "healthy",
	// "unhealthy", "initial"; of a classic one "InService", "OutOfService".
	Targets map[string]string
}

// Listener is a port that a load balancer answers at.
type Listener struct {
	Protocol string
	Port     int
}

// AddBalancer makes a load balancer.
func (c *Cloud) AddBalancer(b Balancer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.Region, b.State = cmp.Or(b.Region, Home), cmp.Or(b.State, "active")
	c.balancers = append(c.balancers, &b)
}

// ChangeBalancer changes a load balancer.
func (c *Cloud) ChangeBalancer(name string, how func(*Balancer)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.balancers {
		if b.Name == name {
			how(b)
		}
	}
}

func (b *Balancer) arn() string {
	return fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:loadbalancer/%s/%s/0123456789abcdef", b.Region, Account, b.Type[:3], b.Name)
}

func (b *Balancer) targetsARN() string {
	return fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/0123456789abcdef", b.Region, Account, b.Name)
}

// find finds load balancers, of the classic sort or not, by what they are called.
func (k *call) find(classic bool, wanted []string, called func(*Balancer) string) (all []*Balancer, err error) {
	for _, b := range k.balancers {
		if (b.Type == "classic") == classic && b.Region == k.region && (len(wanted) == 0 || slices.Contains(wanted, called(b))) {
			all = append(all, b)
		}
	}
	if len(all) < len(wanted) {
		code := "LoadBalancerNotFound"
		return nil, &Fault{400, code, fmt.Sprintf("Load balancers '[%s]' not found", strings.Join(wanted, ", "))}
	}
	return all, nil
}

func byName(b *Balancer) string { return b.Name }
func byARN(b *Balancer) string  { return b.arn() }

func (k *call) describeBalancers() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeLoadBalancers", "*"); err != nil {
		return "", err
	}
	wanted, called := k.list("Names.member"), byName
	if arns := k.list("LoadBalancerArns.member"); len(arns) > 0 {
		wanted, called = arns, byARN
	}
	all, err := k.find(false, wanted, called)
	if err != nil {
		return "", err
	}
	var items []string
	for _, b := range all {
		var groups []string
		for _, g := range b.Groups {
			groups = append(groups, text("member", g))
		}
		items = append(items, tag("member", text("LoadBalancerArn", b.arn()), text("LoadBalancerName", b.Name), text("Type", b.Type),
			text("DNSName", b.Name+".elb.amazonaws.com"), tag("State", text("Code", b.State)), tag("SecurityGroups", groups...)))
	}
	return k.result(tag("LoadBalancers", items...)), nil
}

func (k *call) describeListeners() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeListeners", "*"); err != nil {
		return "", err
	}
	all, err := k.find(false, []string{k.form.Get("LoadBalancerArn")}, byARN)
	if err != nil {
		return "", err
	}
	var items []string
	for _, l := range all[0].Listeners {
		items = append(items, tag("member", text("Protocol", l.Protocol), number("Port", l.Port), text("LoadBalancerArn", all[0].arn())))
	}
	return k.result(tag("Listeners", items...)), nil
}

func (k *call) describeTargetGroups() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeTargetGroups", "*"); err != nil {
		return "", err
	}
	all, err := k.find(false, []string{k.form.Get("LoadBalancerArn")}, byARN)
	if err != nil {
		return "", err
	}
	return k.result(tag("TargetGroups", tag("member", text("TargetGroupArn", all[0].targetsARN()), text("TargetGroupName", all[0].Name)))), nil
}

func (k *call) targetHealth() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeTargetHealth", "*"); err != nil {
		return "", err
	}
	all, err := k.find(false, []string{k.form.Get("TargetGroupArn")}, (*Balancer).targetsARN)
	if err != nil {
		return "", err
	}
	var items []string
	for id, state := range all[0].Targets {
		reason := ""
		if state != "healthy" {
			reason = text("Reason", "Target.FailedHealthChecks") + text("Description", "Health checks failed")
		}
		items = append(items, tag("member", tag("Target", text("Id", id), number("Port", 80)), tag("TargetHealth", text("State", state), reason)))
	}
	return k.result(tag("TargetHealthDescriptions", items...)), nil
}

func (k *call) describeClassic() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeLoadBalancers", "*"); err != nil {
		return "", err
	}
	all, err := k.find(true, k.list("LoadBalancerNames.member"), byName)
	if err != nil {
		return "", err
	}
	var items []string
	for _, b := range all {
		var groups, listeners []string
		for _, g := range b.Groups {
			groups = append(groups, text("member", g))
		}
		for _, l := range b.Listeners {
			listeners = append(listeners, tag("member", tag("Listener", text("Protocol", l.Protocol), number("LoadBalancerPort", l.Port), number("InstancePort", l.Port))))
		}
		items = append(items, tag("member", text("LoadBalancerName", b.Name), tag("SecurityGroups", groups...), tag("ListenerDescriptions", listeners...)))
	}
	return k.result(tag("LoadBalancerDescriptions", items...)), nil
}

func (k *call) classicHealth() (string, error) {
	if err := k.may("elasticloadbalancing:DescribeInstanceHealth", "*"); err != nil {
		return "", err
	}
	all, err := k.find(true, []string{k.form.Get("LoadBalancerName")}, byName)
	if err != nil {
		return "", err
	}
	var items []string
	for id, state := range all[0].Targets {
		items = append(items, tag("member", text("InstanceId", id), text("State", state), text("Description", "N/A")))
	}
	return k.result(tag("InstanceStates", items...)), nil
}
