package awsmfa

import (
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestCheck(t *testing.T) {
	c := awstest.New(t)
	u := c.AddUser("owner") // no permission is needed
	c.Use(t, u)
	serial := c.AddDevice(u, "phone", "secret")
	of := func(serial string) *link {
		l, err := build(settings{Serial: serial}, chain.Place{Link: "codes"}, client)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	code := c.Code(serial, 0)
	for _, x := range []struct{ name, serial, typed, cause string }{
		{"wrong", serial, "000000", "wrong_code"},
		{"right, as phones show it", serial, code[:3] + " " + code[3:], ""},
		{"used up", serial, code, "wrong_code"},
		{"another device", serial + "2", code, "wrong_serial"},
	} {
		p, err := of(x.serial).Check(t.Context(), x.typed)
		if err != nil || p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v, %v", x.name, p, err)
		}
	}
	for _, typed := range []string{"", "12345", "1234567", "abcdef", "１２３４５６"} {
		before := len(c.Calls())
		if _, err := of(serial).Check(t.Context(), typed); err == nil || len(c.Calls()) != before {
			t.Errorf("%q: %v", typed, err)
		}
	}
	c.SetSkew(3600e9)
	if p, err := of(serial).Check(t.Context(), c.Code(serial, 0)); err != nil || p.Verdict != chain.Holds {
		t.Errorf("%+v, %v", p, err)
	}
}

// The commonest mistake is told with what is right.
func TestUserForMFA(t *testing.T) {
	_, err := build(settings{Serial: "arn:aws:iam::123456789012:user/naoki"}, chain.Place{}, client)
	wrong, ok := err.(interface{ Unwrap() []error }).Unwrap()[0].(*chain.SettingError)
	if !ok || wrong.Text.Args["value"] != "arn:aws:iam::123456789012:mfa/naoki" {
		t.Errorf("%v", err)
	}
}

// The policy that is printed lets its user resync the device, and no more.
func TestPolicy(t *testing.T) {
	s := settings{Serial: "arn:aws:iam::123456789012:mfa/phone"}
	awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(p awstest.Policy) error {
		c := awstest.New(t)
		u := c.AddUser("owner", p)
		c.Use(t, u)
		serial := c.AddDevice(u, "phone", "secret")
		access, same := s.CloudDevice()
		if same != serial {
			t.Fatal(same)
		}
		return client.Resync(t.Context(), access, cloud.Code{Serial: serial, Code: c.Code(serial, 20), Second: c.Code(serial, 21)})
	})
}

// What AWS has refused is compared with the vault, so that a wrong clock is told by its
// steps, apart from a wrong code. It never proves anything.
func TestRefusedAndCompared(t *testing.T) {
	c := awstest.New(t)
	u := c.AddUser("owner")
	c.Use(t, u)
	serial := c.AddDevice(u, "phone", "secret")
	l, err := build(settings{Serial: serial, Entry: "aws"}, chain.Place{Link: "codes"}, client)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := l.Check(t.Context(), c.Code(serial, -20)); err != nil || p.Cause != chain.CodeRefused || l.Entry() != "aws" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, x := range []struct {
		r                  chain.CodeResult
		cause, says, steps string
	}{
		{chain.CodeResult{}, chain.CodeRefused, "aws.mfa_not_of_entry", "0"},
		{chain.CodeResult{Found: true, Steps: -20, Period: 30 * time.Second}, "clock", "aws.mfa_behind", "20"},
		{chain.CodeResult{Found: true, Steps: 2, Period: 30 * time.Second}, "clock", "aws.mfa_ahead", "2"},
		{chain.CodeResult{Found: true, Steps: 1, Period: 30 * time.Second}, chain.CodeRefused, "aws.mfa_same_refused", "1"},
		{chain.CodeResult{Found: true, Period: 30 * time.Second}, chain.CodeRefused, "aws.mfa_same_refused", "0"},
	} {
		p, err := l.Check(t.Context(), x.r.String())
		if err != nil || p.Verdict != chain.Broken || p.Cause != x.cause || p.Because.Key != x.says || p.Because.Args["steps"] != x.steps || p.Hint.IsZero() {
			t.Errorf("%s: %+v, %v", x.r, p, err)
		}
	}
	without, err := build(settings{Serial: serial}, chain.Place{Link: "codes"}, client)
	if err != nil {
		t.Fatal(err)
	}
	for what, l := range map[string]*link{chain.CodeResult{Moving: true}.String(): l, chain.CodeResult{}.String(): without} {
		if _, err := l.Check(t.Context(), what); err == nil {
			t.Errorf("%s is an answer", what)
		}
	}
}
