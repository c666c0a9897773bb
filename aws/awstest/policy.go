package awstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Policy is an IAM policy as it is written.
type Policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid, Effect      string
	Action, Resource words
	Condition        map[string]map[string]words
}

// words is one word or a list of them.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// ParsePolicy reads a policy as strictly as IAM does: unknown keys, effects and
// operators are refused.
func ParsePolicy(s string) (p Policy, err error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("MalformedPolicyDocument: %w", err)
	}
	if p.Version != "2012-10-17" {
		return p, fmt.Errorf("MalformedPolicyDocument: version %q", p.Version)
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return p, fmt.Errorf("MalformedPolicyDocument: statement %q", s.Sid)
		}
		for op := range s.Condition {
			if _, known := operators[strings.TrimSuffix(op, "IfExists")]; !known {
				return p, fmt.Errorf("MalformedPolicyDocument: operator %q", op)
			}
		}
	}
	return p, nil
}

// Printed reads a policy that was printed as JSON: Printed(t)(cloud.Policy(needs)).
func Printed(t testing.TB) func([]byte, error) Policy {
	return func(b []byte, err error) Policy {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePolicy(string(b))
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		return p
	}
}

// Exact fails the test unless something works with a policy, and does not without any of
// its actions.
func Exact(t testing.TB, p Policy, works func(Policy) error) {
	t.Helper()
	if err := works(p); err != nil {
		t.Errorf("not enough: %v\n%+v", err, p)
	}
	for i, s := range p.Statement {
		for j, action := range s.Action {
			less := Policy{p.Version, slices.Clone(p.Statement)}
			less.Statement[i].Action = slices.Delete(slices.Clone(s.Action), j, j+1)
			if works(less) == nil {
				t.Errorf("%s is not needed", action)
			}
		}
	}
}

// Allow is a policy that allows actions on everything.
func Allow(actions ...string) Policy {
	return Policy{Version: "2012-10-17", Statement: []statement{{Effect: "Allow", Action: actions, Resource: words{"*"}}}}
}

// operators are those that are known. That of all values is for aws:TagKeys.
var operators = map[string]func(want words, have []string) bool{
	"StringEquals": func(want words, have []string) bool { return len(have) > 0 && slices.Contains(want, have[0]) },
	"StringLike": func(want words, have []string) bool {
		return len(have) > 0 && slices.ContainsFunc(want, func(w string) bool { return like(w, have[0]) })
	},
	"Bool": func(want words, have []string) bool { return len(have) > 0 && slices.Contains(want, have[0]) },
	"ForAllValues:StringEquals": func(want words, have []string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return !slices.Contains(want, h) })
	},
}

// request is what a permission is asked for.
type request struct {
	action, resource string
	keys             map[string][]string // of conditions
}

// allows weighs policies: one statement must allow, and none deny.
func allows(all []Policy, r request) bool {
	allowed := false
	for _, p := range all {
		for _, s := range p.Statement {
			if !s.matches(r) {
				continue
			}
			if s.Effect == "Deny" {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

func (s statement) matches(r request) bool {
	fits := func(patterns words, s string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return like(p, s) })
	}
	if !slices.ContainsFunc(s.Action, func(p string) bool { return like(strings.ToLower(p), strings.ToLower(r.action)) }) || !fits(s.Resource, r.resource) {
		return false
	}
	for op, keys := range s.Condition {
		base, optional := strings.CutSuffix(op, "IfExists")
		for key, want := range keys {
			have, there := r.keys[key]
			if !there && optional {
				continue
			}
			if !operators[base](want, have) {
				return false
			}
		}
	}
	return true
}

// like matches a pattern with * and ?.
func like(pattern, s string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			for j := 0; j <= len(s); j++ {
				if like(pattern[i+1:], s[j:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
		default:
			if s == "" || s[0] != pattern[i] {
				return false
			}
		}
		s = s[1:]
	}
	return s == ""
}

// principal is who has signed a request.
type principal struct {
	arn      string
	key      *key
	policies []Policy
}

func (k *key) principal() *principal {
	if k.role != nil {
		return &principal{"arn:aws:sts::" + Account + ":assumed-role/" + k.role.Name + "/session", k, k.role.Policies}
	}
	return &principal{k.user.ARN(), k, k.user.Policies}
}

// may asks for a permission; keys alternate between a condition's key and its value.
func (k *call) may(action, resource string, keys ...string) error {
	r := request{action, resource, map[string][]string{"aws:RequestedRegion": {k.region}}}
	if k.who.key.session != "" {
		r.keys["aws:MultiFactorAuthPresent"] = []string{fmt.Sprint(k.who.key.mfa)}
	}
	for i := 0; i+1 < len(keys); i += 2 {
		r.keys[keys[i]] = append(r.keys[keys[i]], keys[i+1])
	}
	if allows(k.who.policies, r) {
		return nil
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s", k.who.arn, action)
	if resource != "*" {
		message += " on resource: " + resource
	}
	message += " because no identity-based policy allows the " + action + " action"
	if k.service == "ec2" {
		return &Fault{403, "UnauthorizedOperation", "You are not authorized to perform this operation. " + message + ". Encoded authorization failure message: AbCdEf0123"}
	}
	status := 403
	if k.json() {
		status = 400
	}
	return &Fault{status, k.either("", "AccessDenied", "AccessDeniedException"), message}
}

// tagKeys are the conditions that a thing's tags are.
func tagKeys(tags map[string]string) (keys []string) {
	for name, value := range tags {
		keys = append(keys, "aws:ResourceTag/"+name, value, "ec2:ResourceTag/"+name, value)
	}
	return keys
}
