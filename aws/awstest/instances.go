package awstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Instance is a machine.
type Instance struct {
	ID, Name, Region, VPC, Zone string
	State                       string // "running" if not said
	Address                     string // the public one
	Groups                      []string
	Profile                     string // the instance profile's name, "" for none
	// System and Machine are the status checks: "ok" if not said, "impaired",
	// "initializing"; Since is when they began to be so.
	System, Machine string
	Since           time.Time
	// Agent is that of Session Manager: "Online", "ConnectionLost", "" for none;
	// Pinged is when it was last heard.
	Agent   string
	Pinged  time.Time
	Reboots int
}

// AddInstance makes an instance.
func (c *Cloud) AddInstance(i Instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i.Region, i.State = cmp.Or(i.Region, Home), cmp.Or(i.State, "running")
	i.System, i.Machine = cmp.Or(i.System, "ok"), cmp.Or(i.Machine, "ok")
	i.Zone = cmp.Or(i.Zone, i.Region+"a")
	c.instances[i.ID] = &i
}

// Change changes an instance.
func (c *Cloud) Change(id string, how func(*Instance)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how(c.instances[id])
}

// Instance tells how an instance is.
func (c *Cloud) Instance(id string) Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.instances[id]
}

// SetSerialConsole switches the serial console on or off in a region.
func (c *Cloud) SetSerialConsole(region string, on bool) {
	c.mu.Lock()
	c.serial[region] = on
	c.mu.Unlock()
}

// regions are those that are switched on.
func regions() []string { return []string{"ap-northeast-1", "eu-west-1", "us-east-1"} }

func (k *call) instance(id string) (*Instance, error) {
	if !strings.HasPrefix(id, "i-") {
		return nil, &Fault{400, "InvalidInstanceID.Malformed", fmt.Sprintf("Invalid id: %q", id)}
	}
	i := k.instances[id]
	if i == nil || i.Region != k.region {
		return nil, &Fault{400, "InvalidInstanceID.NotFound", "The instance ID '" + id + "' does not exist"}
	}
	return i, nil
}

// asked are the instances with the ids of a request, all of the region's if it has none.
func (k *call) asked() (all []*Instance, err error) {
	ids := k.list("InstanceId")
	if len(ids) == 0 {
		for _, id := range slices.Sorted(maps.Keys(k.instances)) {
			if k.instances[id].Region == k.region {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		i, err := k.instance(id)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

func (k *call) describeInstances() (string, error) {
	if err := k.may("ec2:DescribeInstances", "*"); err != nil {
		return "", err
	}
	all, err := k.asked()
	if err != nil {
		return "", err
	}
	var items []string
	for _, i := range all {
		var groups []string
		for _, g := range i.Groups {
			groups = append(groups, tag("item", text("groupId", g)))
		}
		profile := ""
		if i.Profile != "" {
			profile = tag("iamInstanceProfile", text("arn", "arn:aws:iam::"+Account+":instance-profile/"+i.Profile))
		}
		items = append(items, tag("item", tag("instancesSet", tag("item", text("instanceId", i.ID), tag("instanceState", text("name", i.State)),
			text("instanceType", "t3.micro"), text("ipAddress", i.Address), text("vpcId", i.VPC), moment("launchTime", time.Unix(1700000000, 0)),
			tag("placement", text("availabilityZone", i.Zone)), profile, tag("groupSet", groups...), tagSet(map[string]string{"Name": i.Name})))))
	}
	from, to, next, err := k.paged(len(items))
	if err != nil {
		return "", err
	}
	return k.result(tag("reservationSet", items[from:to]...), text("nextToken", next)), nil
}

func (k *call) describeStatus() (string, error) {
	if err := k.may("ec2:DescribeInstanceStatus", "*"); err != nil {
		return "", err
	}
	all, err := k.asked()
	if err != nil {
		return "", err
	}
	var items []string
	for _, i := range all {
		if i.State != "running" && k.form.Get("IncludeAllInstances") != "true" {
			continue
		}
		check := func(name, status string) string {
			detail, since := "passed", ""
			if status != "ok" {
				detail, since = "failed", moment("impairedSince", i.Since)
			}
			if status == "initializing" {
				detail = "initializing"
			}
			return tag(name, text("status", status), tag("details", tag("item", text("name", "reachability"), text("status", detail), since)))
		}
		items = append(items, tag("item", text("instanceId", i.ID), text("availabilityZone", i.Zone), tag("instanceState", text("name", i.State)),
			check("systemStatus", i.System), check("instanceStatus", i.Machine)))
	}
	return k.result(tag("instanceStatusSet", items...)), nil
}

func (k *call) reboot() (string, error) {
	all, err := k.asked()
	if err != nil {
		return "", err
	}
	for _, i := range all {
		if err := k.may("ec2:RebootInstances", fmt.Sprintf("arn:aws:ec2:%s:%s:instance/%s", i.Region, Account, i.ID)); err != nil {
			return "", err
		}
		if i.State != "running" {
			return "", &Fault{400, "IncorrectState", "The instance '" + i.ID + "' is not in a state from which it can be rebooted."}
		}
	}
	for _, i := range all {
		i.Reboots++
	}
	return k.result(boolean("return", true)), nil
}

func (k *call) describeRegions() (string, error) {
	if err := k.may("ec2:DescribeRegions", "*"); err != nil {
		return "", err
	}
	var items []string
	for _, r := range regions() {
		items = append(items, tag("item", text("regionName", r), text("regionEndpoint", "ec2."+r+".amazonaws.com"), text("optInStatus", "opt-in-not-required")))
	}
	return k.result(tag("regionInfo", items...)), nil
}

func (k *call) serialAccess() (string, error) {
	if err := k.may("ec2:GetSerialConsoleAccessStatus", "*"); err != nil {
		return "", err
	}
	return k.result(boolean("serialConsoleAccessEnabled", k.serial[k.region])), nil
}

// instanceInformation is what Session Manager knows of its agents.
func (k *call) instanceInformation() (string, error) {
	if err := k.may("ssm:DescribeInstanceInformation", "*"); err != nil {
		return "", err
	}
	var in struct {
		Filters []struct {
			Key    string
			Values []string
		}
	}
	if err := json.Unmarshal(k.body, &in); err != nil {
		return "", &Fault{400, "SerializationException", err.Error()}
	}
	list := []map[string]any{}
	for _, f := range in.Filters {
		if f.Key != "InstanceIds" {
			return "", &Fault{400, "InvalidInstanceInformationFilterValue", f.Key}
		}
		for _, id := range f.Values {
			if i := k.instances[id]; i != nil && i.Region == k.region && i.Agent != "" {
				list = append(list, map[string]any{"InstanceId": id, "PingStatus": i.Agent, "LastPingDateTime": float64(i.Pinged.Unix()), "AgentVersion": "3.3.1611.0"})
			}
		}
	}
	b, err := json.Marshal(map[string]any{"InstanceInformationList": list})
	return string(b), err
}

// Pushed is a key that Instance Connect was given: it is good for a minute.
type Pushed struct {
	Instance, User, Key string
	At                  time.Time
}

// PushedKeys lists the keys that are good now.
func (c *Cloud) PushedKeys() []Pushed {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.pushed), func(p Pushed) bool { return c.now().Sub(p.At) > time.Minute })
}

func (k *call) sendKey() (string, error) {
	var in struct {
		InstanceId, InstanceOSUser, SSHPublicKey, AvailabilityZone string
	}
	if err := json.Unmarshal(k.body, &in); err != nil {
		return "", &Fault{400, "SerializationException", err.Error()}
	}
	err := k.may("ec2-instance-connect:SendSSHPublicKey", fmt.Sprintf("arn:aws:ec2:%s:%s:instance/%s", k.region, Account, in.InstanceId), "ec2:osuser", in.InstanceOSUser)
	if err != nil {
		return "", err
	}
	i := k.instances[in.InstanceId]
	switch {
	case i == nil || i.Region != k.region:
		return "", &Fault{400, "EC2InstanceNotFoundException", "Instance " + in.InstanceId + " is not found."}
	case i.State != "running":
		return "", &Fault{400, "EC2InstanceStateInvalidException", "Instance is not running."}
	case !strings.HasPrefix(in.SSHPublicKey, "ssh-ed25519 ") && !strings.HasPrefix(in.SSHPublicKey, "ssh-rsa "):
		return "", &Fault{400, "InvalidArgsException", "Invalid SSH public key."}
	}
	k.pushed = append(k.pushed, Pushed{i.ID, in.InstanceOSUser, in.SSHPublicKey, k.now()})
	return `{"RequestId":"awstest","Success":true}`, nil
}
