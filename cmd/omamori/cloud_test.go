package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

// The door in a security group, as its owner types it.
func TestCloudDoor(t *testing.T) {
	const sg = "sg-0123456789abcdef0"
	c := awstest.New(t)
	u := c.AddUser("owner")
	c.Use(t, u)
	c.AddGroup(awstest.Group{ID: sg, Rules: []awstest.Rule{{Protocol: "tcp", From: 22, To: 22, Source: "198.51.100.9/32", Description: "terraform"}}})
	serial := c.AddDevice(u, "phone", "secret")
	file := filepath.Join(t.TempDir(), "omamori.yaml")
	yaml := "links:\n  door: {kind: aws-sg, group: " + sg + ", ports: [22], allow: [198.51.100.9], most: 1}\n" +
		"  codes: {kind: aws-mfa, serial: \"" + serial + "\"}\n"
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	omamori := func(in string, args ...string) (code int) {
		out.Reset()
		errs.Reset()
		a := wire()
		a.Cloud = cloud.Client{Run: aws.Do}
		a.In, a.Out, a.Err = strings.NewReader(in), &out, &errs
		return a.Main(t.Context(), append([]string{"--lang", "en", "-c", file, "--state", t.TempDir()}, args...))
	}
	expect := func(code, want int, said string) {
		t.Helper()
		if code != want || !strings.Contains(out.String()+errs.String(), said) {
			t.Errorf("exit %d, want %d with %q:\n%s%s", code, want, said, &out, &errs)
		}
	}
	// The policy comes first, and what it allows is enough for all that follows.
	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.5"), 1, "ec2:DescribeSecurityGroups is missing")
	expect(omamori("", "door", "aws-policy"), 0, `"ec2:AuthorizeSecurityGroupIngress"`)
	policy, err := awstest.ParsePolicy(out.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	u.Policies = []awstest.Policy{policy}
	expect(omamori("", "door", "aws-policy", "--group", sg), 0, "security-group/"+sg)
	expect(omamori("", "door", "aws-policy", "--group", "sg"), 2, "not a security group's id")

	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.5", "--for", "2h"), 0, "203.0.113.5 may come in at 22")
	if rules := c.Rules(sg); len(rules) != 2 {
		t.Errorf("%+v", rules)
	}
	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.5", "--for", "3h"), 0, "longer than before")
	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.6"), 1, "as many leases")
	expect(omamori("", "door", "open", "--cloud", "door", "0.0.0.0/0"), 1, "not the address of one owner")
	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.5", "--for", "900h"), 1, "longer than a lease may be")
	expect(omamori("", "door", "open", "--cloud", "door", "198.51.100.9"), 1, "as many leases")
	expect(omamori("", "door", "open", "--cloud", "back", "203.0.113.5"), 2, "Such links are: door")
	expect(omamori("", "door", "list", "--cloud", "door"), 0, "203.0.113.5")
	expect(omamori("", "--json", "door", "list", "--cloud", "door"), 0, `"group"`)
	var all []struct{ Leases []cloud.Lease }
	if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all) != 1 || len(all[0].Leases) != 1 {
		t.Fatalf("%v: %s", err, &out)
	}
	expect(omamori("", "door", "close", "--cloud", "door", all[0].Leases[0].ID), 0, "1 rule ended")
	expect(omamori("", "door", "open", "--cloud", "door", "198.51.100.9"), 0, "somebody else")
	expect(omamori("", "door", "close", "--cloud", "door"), 0, "0 rules ended")
	if rules := c.Rules(sg); len(rules) != 1 || rules[0].Description != "terraform" {
		t.Errorf("%+v", rules)
	}

	// A policy that asks for MFA.
	strict := strings.ReplaceAll(string(policyText(t, sg)), `"Effect": "Allow",`, `"Effect": "Allow", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},`)
	strict = strings.ReplaceAll(strict, `"Condition": {
        "StringEquals": {
          "ec2:CreateAction": "AuthorizeSecurityGroupIngress"
        }
      }`, `"Sid": "tag"`)
	if policy, err = awstest.ParsePolicy(strict); err != nil {
		t.Fatalf("%v\n%s", err, strict)
	}
	u.Policies = []awstest.Policy{policy}
	expect(omamori("", "door", "open", "--cloud", "door", "203.0.113.5"), 1, "is missing")
	expect(omamori("000000\n", "door", "open", "--cloud", "door", "203.0.113.5", "--mfa="+serial), 1, "does not accept the code")
	code := c.Code(serial, 0)
	expect(omamori(code+"\n", "door", "open", "--cloud", "door", "203.0.113.5", "--mfa="+serial), 0, "may come in")
	expect(omamori("12\n", "door", "close", "--cloud", "door", "--mfa"), 1, "six digits")
	expect(omamori("123456\n", "door", "close", "--cloud", "door", "--mfa"), 1, "which MFA device")
	if strings.Contains(out.String()+errs.String(), code) {
		t.Error("the code is shown")
	}

	// A device whose clock is off.
	u.Policies = []awstest.Policy{awstest.Allow("iam:ResyncMFADevice")}
	expect(omamori(c.Code(serial, 20)+"\n"+c.Code(serial, 22)+"\n", "resync", "codes"), 1, "does not accept the code")
	expect(omamori(c.Code(serial, 20)+"\n"+c.Code(serial, 21)+"\n", "resync", "codes"), 0, "has found the clock")
	expect(omamori("", "resync", "door"), 2, "not a link about an MFA device")
}

func policyText(t *testing.T, group string) []byte {
	t.Helper()
	b, err := cloud.Policy(cloud.DoorNeeds(cloud.Target{Group: group}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
