package aws_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

func TestCodes(t *testing.T) {
	c, u := start(t)
	serial := c.AddDevice(u, "phone", "secret of the phone")
	access := cloud.Access{}
	good := c.Code(serial, 0)
	for _, x := range []struct {
		name string
		code cloud.Code
		want cloud.ErrorCode
	}{
		{"wrong", cloud.Code{Serial: serial, Code: "000000"}, cloud.WrongCode},
		{"good", cloud.Code{Serial: serial, Code: good}, ""},
		{"the same again", cloud.Code{Serial: serial, Code: good}, cloud.WrongCode},
		{"a user's name", cloud.Code{Serial: u.ARN(), Code: good}, cloud.WrongSerial},
		{"unknown device", cloud.Code{Serial: serial + "x", Code: good}, cloud.WrongSerial},
	} {
		err := client.ProveCode(t.Context(), access, x.code)
		if got := code(t, err); got != x.want {
			t.Errorf("%s: %v, want %q", x.name, err, x.want)
		}
	}
	// A clock that is ten minutes off: AWS refuses the codes, until it has found it.
	off := func(n int) string { return c.Code(serial, n) }
	if err := client.ProveCode(t.Context(), access, cloud.Code{Serial: serial, Code: off(20)}); code(t, err) != cloud.WrongCode {
		t.Error(err)
	}
	if err := client.Resync(t.Context(), access, cloud.Code{Serial: serial, Code: off(20), Second: off(22)}); code(t, err) != cloud.WrongCode {
		t.Error(err)
	}
	if err := client.Resync(t.Context(), access, cloud.Code{Serial: serial, Code: off(20), Second: off(21)}); err != nil {
		t.Error(err)
	}
	if err := client.ProveCode(t.Context(), access, cloud.Code{Serial: serial, Code: off(22)}); err != nil {
		t.Error(err)
	}
}

func TestDevicesKeysAndPermissions(t *testing.T) {
	c, u := start(t)
	serial := c.AddDevice(u, "phone", "s")
	c.AddPasskey(u, "key")
	d, err := client.Devices(t.Context(), cloud.Access{})
	if err != nil || d.User != "owner" || len(d.Devices) != 2 || !slices.Contains(d.Devices, serial) || !d.Root {
		t.Errorf("%+v, %v", d, err)
	}
	c.AgeKey(u, 400*24*time.Hour, time.Hour)
	other := c.AddKey(u, time.Hour)
	k, err := client.Keys(t.Context(), cloud.Access{})
	if err != nil || k.Using != u.KeyID || k.Temporary || len(k.Keys) != 2 {
		t.Fatalf("%+v, %v", k, err)
	}
	for _, key := range k.Keys {
		if key.ID == other && !key.Used.IsZero() || key.ID == u.KeyID && (key.Used.IsZero() || time.Since(key.Created) < 300*24*time.Hour) {
			t.Errorf("%+v", key)
		}
	}
	m, err := client.May(t.Context(), cloud.Access{}, "account:PutContactInformation", "iam:DeactivateMFADevice")
	if err != nil || len(m.Denied) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	start(t, "iam:SimulatePrincipalPolicy", "account:PutContactInformation")
	if m, err = client.May(t.Context(), cloud.Access{}, "account:PutContactInformation", "iam:DeactivateMFADevice"); err != nil || !slices.Equal(m.Denied, []string{"iam:DeactivateMFADevice"}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestContact(t *testing.T) {
	c, _ := start(t)
	c.SetContact(awstest.Contact{FullName: "N", Phone: "+81312345678", Others: map[string]awstest.Alternate{"SECURITY": {Name: "S", EmailAddress: "s@example.jp"}}})
	got, err := client.Contact(t.Context(), cloud.Access{})
	if err != nil || got.Phone != "+81312345678" || got.Others["security"].Email != "s@example.jp" || len(got.Others) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := client.VerifyCode(t.Context(), cloud.Access{}, "123456"); code(t, err) != cloud.WrongSMS {
		t.Error(err)
	}
	if err := client.SendCode(t.Context(), cloud.Access{}); err != nil {
		t.Fatal(err)
	}
	sms := c.Contact().Code
	if err := client.VerifyCode(t.Context(), cloud.Access{}, sms); err != nil || !c.Contact().Verified {
		t.Error(err)
	}
	if err := client.VerifyCode(t.Context(), cloud.Access{}, sms); code(t, err) != cloud.WrongSMS {
		t.Error(err)
	}
	start(t, "ec2:*")
	if err := client.SendCode(t.Context(), cloud.Access{}); code(t, err) != cloud.Denied {
		t.Error(err)
	} else if said := err.(*cloud.Error); said.Permission != "account:SendPhoneNumberVerification" {
		t.Errorf("%+v", said)
	}
}

func TestUsage(t *testing.T) {
	c, _ := start(t)
	c.SetPage(1)
	c.AddInstance(awstest.Instance{ID: "i-0a", Name: "blog"})
	c.AddInstance(awstest.Instance{ID: "i-0b", Region: "eu-west-1"})
	c.AddInstance(awstest.Instance{ID: "i-0c", Region: "eu-west-1"})
	c.AddInstance(awstest.Instance{ID: "i-0d", State: "terminated"})
	c.SetSpend(12.5)
	got, err := client.Usage(t.Context(), cloud.Access{}, cloud.Look{Spend: true})
	if err != nil || got.Regions != 3 || len(got.Machines) != 3 || got.Spend != 12.5 || got.Unit != "USD" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMachines(t *testing.T) {
	c, _ := start(t)
	since := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	c.AddInstance(awstest.Instance{ID: "i-0a", Machine: "impaired", Since: since, Profile: "blog", Agent: "Online", Pinged: since})
	i, err := client.Instance(t.Context(), cloud.Access{}, "i-0a")
	if err != nil || i.State != "running" || i.System != "ok" || i.Machine != "impaired" || !i.Since.Equal(since) {
		t.Errorf("%+v, %v", i, err)
	}
	if err := client.Reboot(t.Context(), cloud.Access{}, "i-0a"); err != nil || c.Instance("i-0a").Reboots != 1 {
		t.Error(err)
	}
	a, err := client.Agent(t.Context(), cloud.Access{}, "i-0a")
	if err != nil || a.Status != "Online" || !a.Pinged.Equal(since) || a.Instance.Profile == "" {
		t.Errorf("%+v, %v", a, err)
	}
	key := cloud.PublicKey{Instance: "i-0a", User: "admin", Key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUpx9SCDG1xBXjIRHzzy0mAnh0kWDGo1BqBL0bdnfDq"}
	if err := client.PushKey(t.Context(), cloud.Access{}, key); err != nil || len(c.PushedKeys()) != 1 {
		t.Error(err)
	}
	s, err := client.Serial(t.Context(), cloud.Access{})
	if err != nil || s.On || s.Region != awstest.Home {
		t.Errorf("%+v, %v", s, err)
	}
	for what, err := range map[string]error{
		"instance": second(client.Instance(t.Context(), cloud.Access{}, "i-0f")), "reboot": client.Reboot(t.Context(), cloud.Access{}, "i-0f"),
		"agent": second(client.Agent(t.Context(), cloud.Access{}, "i-0f")),
	} {
		if code(t, err) != cloud.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := client.Instance(t.Context(), cloud.Access{}, "self"); code(t, err) != cloud.NoInstance {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestBalancers(t *testing.T) {
	c, _ := start(t)
	c.AddBalancer(awstest.Balancer{Name: "front", Type: "application", Listeners: []awstest.Listener{{Protocol: "HTTPS", Port: 443}}, Targets: map[string]string{"i-0a": "healthy", "i-0b": "unhealthy"}})
	c.AddBalancer(awstest.Balancer{Name: "old", Type: "classic", Listeners: []awstest.Listener{{Protocol: "HTTP", Port: 80}}, Targets: map[string]string{"i-0a": "InService"}})
	for name, targets := range map[string]int{"front": 2, "old": 1} {
		b, err := client.Balancer(t.Context(), cloud.Access{}, name)
		if err != nil || len(b.Listeners) != 1 || len(b.Targets) != targets || b.State != "active" {
			t.Errorf("%+v, %v", b, err)
		}
		for _, h := range b.Targets {
			if h.Well != (h.ID == "i-0a") {
				t.Errorf("%+v", h)
			}
		}
	}
}

// The SDK's own configuration counts: a profile, its role with a code, the instance's
// role, and a session that the policy asks for.
func TestConfiguration(t *testing.T) {
	c, u := start(t)
	role := &awstest.Role{Name: "door", Policies: []awstest.Policy{awstest.Allow("ec2:*")}}
	c.AddInstance(awstest.Instance{ID: "i-0a", Groups: []string{sg}})
	c.Here("i-0a", role)
	serial := c.AddDevice(u, "phone", "s")
	file := filepath.Join(t.TempDir(), "config")
	text := "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/door\nmfa_serial = " + serial + "\nsource_profile = base\nregion = ap-northeast-1\n" +
		"[profile base]\nmfa_serial = " + serial + "\naws_access_key_id = " + u.KeyID + "\naws_secret_access_key = " + u.Secret + "\nregion = ap-northeast-1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	if _, err := client.Open(t.Context(), cloud.Access{Profile: "admin"}, wish(home, 22)); code(t, err) != cloud.WantsCode {
		t.Errorf("without a code: %v", err)
	}
	if _, err := client.Open(t.Context(), cloud.Access{Profile: "admin", Code: c.Code(serial, 0)}, wish(home, 22)); err != nil {
		t.Errorf("a role with a code: %v", err)
	}
	c.NextStep(serial)
	if _, err := client.Open(t.Context(), cloud.Access{Profile: "base", Code: c.Code(serial, 0)}, wish(home, 22)); err != nil {
		t.Errorf("the profile's device: %v", err)
	}
	if _, err := client.Open(t.Context(), cloud.Access{Serial: serial}, wish(home, 22)); code(t, err) != cloud.WantsCode {
		t.Errorf("no code: %v", err)
	}
	if _, err := client.Open(t.Context(), cloud.Access{Serial: serial, Code: "000000"}, wish(home, 22)); code(t, err) != cloud.WrongCode {
		t.Errorf("wrong code: %v", err)
	}
	// A policy that asks for MFA.
	strict, err := awstest.ParsePolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	u.Policies = []awstest.Policy{strict}
	if _, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22)); code(t, err) != cloud.Denied {
		t.Errorf("without MFA: %v", err)
	}
	c.NextStep(serial)
	if _, err := client.Open(t.Context(), cloud.Access{Serial: serial, Code: c.Code(serial, 0)}, wish(home, 22)); err != nil {
		t.Errorf("with MFA: %v", err)
	}
	// On the instance.
	c.Use(t, nil)
	t.Setenv("AWS_REGION", "")
	got, err := client.Open(t.Context(), cloud.Access{}, func() cloud.Wish { w := wish(home, 22); w.Target = cloud.Target{Instance: "self"}; return w }())
	if err != nil || got.Group != sg {
		t.Errorf("the instance's role: %+v, %v", got, err)
	}
	if a, err := client.Address(t.Context()); err != nil || a.String() != "127.0.0.1" {
		t.Errorf("%v, %v", a, err)
	}
	c.Here("i-0a", nil)
	if _, err := client.Open(t.Context(), cloud.Access{Region: awstest.Home}, wish(home, 22)); code(t, err) != cloud.NoCredentials {
		t.Errorf("no role: %v", err)
	}
}

// Keys that are unknown, and a secret that is wrong.
func TestBadCredentials(t *testing.T) {
	start(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	if _, err := client.Keys(t.Context(), cloud.Access{}); code(t, err) != cloud.BadCredentials {
		t.Error(err)
	}
	if _, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22)); code(t, err) != cloud.BadCredentials {
		t.Error(err)
	}
	if err := client.SendCode(t.Context(), cloud.Access{}); code(t, err) != cloud.BadCredentials {
		t.Error(err)
	}
}
