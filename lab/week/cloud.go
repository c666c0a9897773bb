package main

import (
	"fmt"
	"os/exec"
	"strings"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

const (
	group  = "sg-0123456789abcdef0"
	secret = "the phone of the story" // of its one-time codes
)

var (
	web  = awstest.Rule{Protocol: "tcp", From: 80, To: 80, Source: "0.0.0.0/0", Description: "visitors"}
	ssh  = awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: rented + "/32", Description: "my fixed address"}
	hear = awstest.Rule{Protocol: "udp", From: 4649, To: 4649, Source: "0.0.0.0/0", Description: "knocks"}
)

// buildCloud makes the account, and has the router let pass to the server what its
// security group does, and nothing else.
func (s *stage) buildCloud() {
	edge := "table ip edge {\n chain group { }\n chain forward {\n  type filter hook forward priority 0\n" +
		"  ip daddr " + server + " tcp flags & (syn | ack) == syn jump group\n  ip daddr " + server + " meta l4proto udp jump group\n }\n}\n"
	s.must("make the edge", nft(edge))
	l, err := listenOn("amazon", amazon+":80")
	s.must("listen", err)
	s.cloud = awstest.Serve(l)
	s.cloud.AddGroup(awstest.Group{ID: group, Rules: []awstest.Rule{web, ssh}})
	s.cloud.OnRules(func(_ string, rules []awstest.Rule) { s.must("enforce the rules", nft(ruleset(rules))) })
	s.owner = s.cloud.AddUser("owner", awstest.Allow("ec2:DescribeSecurityGroups"), awstest.Allow("ec2:DescribeSecurityGroupRules"))
	s.device("phone", secret)
	// Changes are for who has shown a code.
	b, err := cloud.Policy(cloud.DoorNeeds(cloud.Target{Group: group}))
	s.must("policy", err)
	strict := strings.ReplaceAll(string(b), `"Effect": "Allow",`, `"Effect": "Allow", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},`)
	strict = strings.ReplaceAll(strict, `"Condition": {
        "StringEquals": {
          "ec2:CreateAction": "AuthorizeSecurityGroupIngress"
        }
      }`, `"Sid": "tag"`)
	policy, err := awstest.ParsePolicy(strict)
	s.must("policy", err)
	s.owner.Policies = append(s.owner.Policies, policy)
}

// device gives the owner an MFA device, and his laptop's profile its name.
func (s *stage) device(name, secret string) {
	s.serial = s.cloud.AddDevice(s.owner, name, secret)
	s.write("laptop/aws", "[default]\nmfa_serial = "+s.serial+"\n")
}

// openCloud opens the security group for an address, with a code; it gives what was
// answered.
func (s *stage) openCloud(address, code string) (said string, ok bool) {
	out, exit := s.omamori("laptop", code+"\n", "door", "open", "--cloud", "group", address, "--mfa")
	return firstLine(strings.TrimPrefix(out, s.lang.Text("cloud.ask_code_profile"))), exit == 0
}

// ruleset is what the rules of a group are for the router.
func ruleset(rules []awstest.Rule) string {
	b := &strings.Builder{}
	fmt.Fprintln(b, "flush chain ip edge group")
	for _, r := range rules {
		from := "ip saddr " + r.Source
		if r.Source == "0.0.0.0/0" {
			from = ""
		}
		fmt.Fprintf(b, "add rule ip edge group %s %s dport %d-%d accept\n", from, r.Protocol, r.From, r.To)
	}
	fmt.Fprintln(b, "add rule ip edge group drop")
	return b.String()
}

func nft(script string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
