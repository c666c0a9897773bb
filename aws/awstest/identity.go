package awstest

import (
	"fmt"
	"strings"
	"time"
)

// User is an IAM user with one key of his own.
type User struct {
	Name          string
	KeyID, Secret string
	Policies      []Policy
}

// ARN is the user's name in full.
func (u *User) ARN() string { return "arn:aws:iam::" + Account + ":user/" + u.Name }

// AddUser makes a user with a key.
func (c *Cloud) AddUser(name string, policies ...Policy) *User {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	u := &User{Name: name, KeyID: fmt.Sprintf("AKIAAWSTEST%09d", c.last), Secret: fmt.Sprintf("awstest/secret/of/%s/%09d", name, c.last), Policies: policies}
	c.users[name] = u
	c.keys[u.KeyID] = &key{id: u.KeyID, secret: u.Secret, user: u, created: time.Now()}
	return u
}

// AgeKey makes a user's key as old as that, and last used then.
func (c *Cloud) AgeKey(u *User, age, used time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.keys[u.KeyID]
	k.created, k.used, k.usedService = c.now().Add(-age), c.now().Add(-used), "ec2"
}

// AddKey gives a user one more key, which nobody has used yet.
func (c *Cloud) AddKey(u *User, age time.Duration) (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	k := &key{id: fmt.Sprintf("AKIAAWSTEST%09d", c.last), secret: "awstest/other", user: u, created: c.now().Add(-age)}
	c.keys[k.id] = k
	return k.id
}

// StopKey makes a key one that is not active.
func (c *Cloud) StopKey(id string) { c.mu.Lock(); c.keys[id].inactive = true; c.mu.Unlock() }

// session makes keys for some time.
func (c *Cloud) session(u *User, r *Role, mfa bool, last time.Duration) *key {
	c.last++
	k := &key{
		id: fmt.Sprintf("ASIAAWSTEST%09d", c.last), secret: fmt.Sprintf("awstest/session/secret/%09d", c.last),
		session: fmt.Sprintf("awstest-session-token-%09d", c.last), user: u, role: r, mfa: mfa, expires: c.now().Add(last), created: c.now(),
	}
	c.keys[k.id] = k
	return k
}

func (k *call) callerIdentity() (string, error) {
	return k.result(text("Arn", k.who.arn), text("UserId", "AIDAAWSTEST"), text("Account", Account)), nil
}

func credentials(k *key) string {
	return tag("Credentials", text("AccessKeyId", k.id), text("SecretAccessKey", k.secret), text("SessionToken", k.session), moment("Expiration", k.expires))
}

// sessionToken needs no permission, only keys of one's own.
func (k *call) sessionToken() (string, error) {
	if k.who.key.session != "" {
		return "", &Fault{403, "AccessDenied", "Cannot call GetSessionToken with session credentials"}
	}
	last := 12 * time.Hour
	if s := k.form.Get("DurationSeconds"); s != "" {
		d, err := time.ParseDuration(s + "s")
		if err != nil || d < 900*time.Second || d > 129600*time.Second {
			return "", &Fault{400, "ValidationError", "DurationSeconds"}
		}
		last = d
	}
	serial := k.form.Get("SerialNumber")
	if serial != "" || k.form.Get("TokenCode") != "" {
		if err := k.code(serial, k.form.Get("TokenCode"), "GetSessionToken"); err != nil {
			return "", err
		}
	}
	return k.result(credentials(k.session(k.who.key.user, nil, serial != "", last))), nil
}

// assumeRole gives the role of the instance, which trusts whoever asks with a code.
func (k *call) assumeRole() (string, error) {
	arn := k.form.Get("RoleArn")
	if err := k.may("sts:AssumeRole", arn); err != nil {
		return "", err
	}
	if k.role == nil || !strings.HasSuffix(arn, ":role/"+k.role.Name) {
		return "", &Fault{403, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", k.who.arn, arn)}
	}
	serial := k.form.Get("SerialNumber")
	if serial != "" {
		if err := k.code(serial, k.form.Get("TokenCode"), "AssumeRole"); err != nil {
			return "", err
		}
	}
	s := k.session(nil, k.role, serial != "", time.Hour)
	return k.result(credentials(s), tag("AssumedRoleUser", text("Arn", s.principal().arn), text("AssumedRoleId", "AROAAWSTEST:session"))), nil
}

// user is the one that a request names, or who asks.
func (k *call) user(action string) (*User, error) {
	name := k.form.Get("UserName")
	u := k.who.key.user
	if name != "" {
		u = k.users[name]
	}
	arn := "arn:aws:iam::" + Account + ":user/" + name
	if u != nil {
		arn = u.ARN()
	}
	if err := k.may(action, arn); err != nil {
		return nil, err
	}
	if u == nil {
		return nil, &Fault{404, "NoSuchEntity", "The user with name " + name + " cannot be found."}
	}
	return u, nil
}

func (k *call) listKeys() (string, error) {
	u, err := k.user("iam:ListAccessKeys")
	if err != nil {
		return "", err
	}
	var items []string
	for _, a := range k.keys {
		if a.user == u && a.session == "" {
			status := "Active"
			if a.inactive {
				status = "Inactive"
			}
			items = append(items, tag("member", text("UserName", u.Name), text("AccessKeyId", a.id), text("Status", status), moment("CreateDate", a.created)))
		}
	}
	return k.result(tag("AccessKeyMetadata", items...), boolean("IsTruncated", false)), nil
}

func (k *call) keyLastUsed() (string, error) {
	a := k.keys[k.form.Get("AccessKeyId")]
	if a == nil || a.user == nil {
		return "", &Fault{403, "AccessDenied", "no such key"}
	}
	if err := k.may("iam:GetAccessKeyLastUsed", a.user.ARN()); err != nil {
		return "", err
	}
	service, region := a.usedService, Home
	if a.used.IsZero() {
		service, region = "N/A", "N/A"
	}
	return k.result(text("UserName", a.user.Name), tag("AccessKeyLastUsed", moment("LastUsedDate", a.used), text("ServiceName", service), text("Region", region))), nil
}

// simulate tells what a user or the instance's role may do.
func (k *call) simulate() (string, error) {
	arn := k.form.Get("PolicySourceArn")
	if err := k.may("iam:SimulatePrincipalPolicy", arn); err != nil {
		return "", err
	}
	var policies []Policy
	found := false
	for _, u := range k.users {
		if u.ARN() == arn {
			policies, found = u.Policies, true
		}
	}
	if k.role != nil && strings.HasSuffix(arn, ":role/"+k.role.Name) {
		policies, found = k.role.Policies, true
	}
	if !found {
		return "", &Fault{404, "NoSuchEntity", arn}
	}
	var items []string
	for _, action := range k.list("ActionNames.member") {
		decision := "implicitDeny"
		if allows(policies, request{action: action, resource: "*"}) {
			decision = "allowed"
		}
		items = append(items, tag("member", text("EvalActionName", action), text("EvalResourceName", "*"), text("EvalDecision", decision)))
	}
	return k.result(tag("EvaluationResults", items...), boolean("IsTruncated", false)), nil
}
