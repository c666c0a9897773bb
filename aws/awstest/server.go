// Package awstest is a stand-in for AWS, in process and strict: signatures and clocks are
// checked, codes are good once, permissions are weighed, and reads lag behind writes.
//
// It knows the few actions that package aws calls. What AWS answers to them was taken
// from its documentation; what is not known of AWS is refused rather than guessed.
package awstest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Account is the number of the account.
const Account = "123456789012"

// Home is the region in which things are that were given none.
const Home = "ap-northeast-1"

// Cloud is one account of the stand-in.
type Cloud struct {
	URL string

	mu        sync.Mutex // protects the fields below
	skew      time.Duration
	lag       int // how many reads of a group show it as it was
	page      int // entries of one answer, 0 for no limit
	throttled map[string]int
	calls     []string
	last      int // number of the newest thing

	users     map[string]*User // by name
	keys      map[string]*key  // by access key
	devices   map[string]*device
	groups    map[string]*group
	instances map[string]*Instance
	balancers []*Balancer
	serial    map[string]bool // regions in which the serial console is switched on
	role      *Role           // of the instance that asks for metadata
	here      string          // that instance
	tokens    map[string]bool // of its metadata
	contact   Contact
	summary   map[string]int
	spend     float64
	pushed    []Pushed
	onRules   func(group string, rules []Rule)
}

// New starts a cloud, which ends with the test.
func New(t testing.TB) *Cloud {
	c := empty()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

// Serve starts a cloud at a listener of the caller's, who ends it by closing that.
func Serve(l net.Listener) *Cloud {
	c := empty()
	c.URL = "http://" + l.Addr().String()
	s := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() //nolint:errcheck // it ends with the listener
	return c
}

func empty() *Cloud {
	return &Cloud{
		throttled: map[string]int{}, users: map[string]*User{}, keys: map[string]*key{}, devices: map[string]*device{},
		groups: map[string]*group{}, instances: map[string]*Instance{}, serial: map[string]bool{}, tokens: map[string]bool{},
		summary: map[string]int{"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0},
	}
}

// Env is the environment of somebody with the user's keys and nothing else of AWS. With
// no user it is that of a program on the instance that Here named.
func (c *Cloud) Env(u *User) []string {
	env := []string{
		"AWS_ENDPOINT_URL=" + c.URL, "AWS_REGION=" + Home, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + c.URL,
		"AWS_ENDPOINT_URL_STS=" + c.URL, // for a profile's role the SDK does not look at the other
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
	if u != nil {
		env = append(env, "AWS_ACCESS_KEY_ID="+u.KeyID, "AWS_SECRET_ACCESS_KEY="+u.Secret)
	}
	return env
}

// Use makes this process somebody with the user's keys, as Env says.
func (c *Cloud) Use(t testing.TB, u *User) {
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			_ = os.Unsetenv(name) // which Setenv puts back
		}
	}
	for _, e := range c.Env(u) {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
}

// SetSkew makes the cloud's clock differ from this machine's.
func (c *Cloud) SetSkew(d time.Duration) { c.mu.Lock(); c.skew = d; c.mu.Unlock() }

// SetLag makes the next n reads of a group, after each change, show it as it was.
func (c *Cloud) SetLag(n int) { c.mu.Lock(); c.lag = n; c.mu.Unlock() }

// SetPage bounds the entries of one answer.
func (c *Cloud) SetPage(n int) { c.mu.Lock(); c.page = n; c.mu.Unlock() }

// Throttle refuses the next n calls of an action.
func (c *Cloud) Throttle(action string, n int) { c.mu.Lock(); c.throttled[action] = n; c.mu.Unlock() }

// Calls lists the actions that were called, refused ones too.
func (c *Cloud) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

func (c *Cloud) now() time.Time { return time.Now().Add(c.skew) }

// id makes the name of a new thing.
func (c *Cloud) id(prefix string) string { c.last++; return fmt.Sprintf("%s-%017x", prefix, c.last) }

// call is one request of somebody whose signature was good.
type call struct {
	*Cloud
	service, region, action string
	form                    url.Values // of the query protocols
	body                    []byte     // of the JSON ones
	who                     *principal
}

// action answers a call, with XML for the query protocols, else JSON.
type action func(*call) (string, error)

func actions() map[string]action {
	return map[string]action{
		"ec2.DescribeSecurityGroups":                     (*call).describeGroups,
		"ec2.DescribeSecurityGroupRules":                 (*call).describeRules,
		"ec2.AuthorizeSecurityGroupIngress":              (*call).authorize,
		"ec2.RevokeSecurityGroupIngress":                 (*call).revoke,
		"ec2.UpdateSecurityGroupRuleDescriptionsIngress": (*call).describe,
		"ec2.DescribeInstances":                          (*call).describeInstances,
		"ec2.DescribeInstanceStatus":                     (*call).describeStatus,
		"ec2.RebootInstances":                            (*call).reboot,
		"ec2.DescribeRegions":                            (*call).describeRegions,
		"ec2.GetSerialConsoleAccessStatus":               (*call).serialAccess,
		"iam.ListMFADevices":                             (*call).listDevices,
		"iam.ResyncMFADevice":                            (*call).resync,
		"iam.GetAccountSummary":                          (*call).accountSummary,
		"iam.ListAccessKeys":                             (*call).listKeys,
		"iam.GetAccessKeyLastUsed":                       (*call).keyLastUsed,
		"iam.SimulatePrincipalPolicy":                    (*call).simulate,
		"sts.GetCallerIdentity":                          (*call).callerIdentity,
		"sts.GetSessionToken":                            (*call).sessionToken,
		"sts.AssumeRole":                                 (*call).assumeRole,
		"elb.DescribeLoadBalancers":                      (*call).describeClassic,
		"elb.DescribeInstanceHealth":                     (*call).classicHealth,
		"elbv2.DescribeLoadBalancers":                    (*call).describeBalancers,
		"elbv2.DescribeListeners":                        (*call).describeListeners,
		"elbv2.DescribeTargetGroups":                     (*call).describeTargetGroups,
		"elbv2.DescribeTargetHealth":                     (*call).targetHealth,
		"account.getContactInformation":                  (*call).contactInformation,
		"account.getAlternateContact":                    (*call).alternateContact,
		"account.sendPhoneNumberVerification":            (*call).sendVerification,
		"account.verifyPhoneNumber":                      (*call).verifyPhone,
		"ssm.DescribeInstanceInformation":                (*call).instanceInformation,
		"ce.GetCostAndUsage":                             (*call).costAndUsage,
		"ec2-instance-connect.SendSSHPublicKey":          (*call).sendKey,
	}
}

// maxBody bounds a request, in bytes.
const maxBody = 1 << 20

func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, "/latest/") {
		c.metadata(w, r)
		return
	}
	if r.Method == http.MethodGet && r.URL.Path == "/" { // as checkip.amazonaws.com does
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		_, _ = io.WriteString(w, host+"\n")
		return
	}
	k := &call{Cloud: c, body: body}
	answer, err := k.serve(r)
	if err != nil {
		k.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", k.contentType())
	_, _ = io.WriteString(w, answer) // whoever asked is gone
}

func (k *call) serve(r *http.Request) (string, error) {
	scope, err := k.name(r)
	if err != nil {
		return "", err
	}
	if k.who, err = k.verify(r, scope); err != nil {
		return "", err
	}
	full := k.service + "." + k.action
	k.calls = append(k.calls, k.action)
	if k.throttled[k.action] > 0 {
		k.throttled[k.action]--
		return "", k.throttle()
	}
	act, ok := actions()[full]
	if !ok {
		return "", &Fault{400, "InvalidAction", "awstest does not know " + full}
	}
	return act(k)
}

// name finds out which action of which service is called.
func (k *call) name(r *http.Request) (scope, error) {
	s, err := readScope(r.Header.Get("Authorization"))
	if err != nil {
		return s, err
	}
	k.service, k.region = s.service, s.region
	switch s.service {
	case "ec2", "iam", "sts", "elasticloadbalancing":
		if k.form, err = url.ParseQuery(string(k.body)); err != nil || r.Method != http.MethodPost {
			return s, &Fault{400, "MalformedQueryString", "not a form"}
		}
		k.action = k.form.Get("Action")
		version := k.form.Get("Version")
		switch {
		case k.service == "elasticloadbalancing" && version == "2012-06-01":
			k.service = "elb"
		case k.service == "elasticloadbalancing":
			k.service = "elbv2"
		}
		versions := map[string]string{"ec2": "2016-11-15", "iam": "2010-05-08", "sts": "2011-06-15", "elb": "2012-06-01", "elbv2": "2015-12-01"}
		if versions[k.service] != version {
			return s, &Fault{400, "NoSuchVersion", "version " + version}
		}
	case "account":
		k.action = strings.TrimPrefix(r.URL.Path, "/")
	case "ssm", "ce", "ec2-instance-connect":
		prefix := map[string]string{"ssm": "AmazonSSM.", "ce": "AWSInsightsIndexService.", "ec2-instance-connect": "AWSEC2InstanceConnectService."}[s.service]
		target := r.Header.Get("X-Amz-Target")
		action, ok := strings.CutPrefix(target, prefix)
		if !ok {
			return s, &Fault{400, "UnknownOperationException", target}
		}
		k.action = action
	default:
		return s, &Fault{400, "UnknownService", s.service}
	}
	return s, nil
}
