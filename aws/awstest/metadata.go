package awstest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Role is what an instance may do.
type Role struct {
	Name     string
	Policies []Policy
}

// Here makes the cloud answer for the metadata of an instance, which has a role or none.
func (c *Cloud) Here(instance string, r *Role) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.here, c.role = instance, r
}

// metadata is the instance metadata service, version 2: no token, no answer.
func (c *Cloud) metadata(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/latest/")
	if path == "api/token" {
		if r.Method != http.MethodPut || r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" || r.Header.Get("X-Forwarded-For") != "" {
			http.Error(w, "Bad Request", http.StatusBadRequest)
			return
		}
		token := c.id("token")
		c.tokens[token] = true
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(w, token)
		return
	}
	if !c.tokens[r.Header.Get("X-Aws-Ec2-Metadata-Token")] {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	i := c.instances[c.here]
	if i == nil {
		http.NotFound(w, r)
		return
	}
	const mac = "06:00:00:00:00:01"
	at := "meta-data/network/interfaces/macs/"
	answers := map[string]string{
		"meta-data/instance-id": i.ID, "meta-data/public-ipv4": i.Address, "meta-data/placement/region": i.Region,
		"dynamic/instance-identity/document": fmt.Sprintf(`{"region":%q,"instanceId":%q,"accountId":%q}`, i.Region, i.ID, Account),
		at:                                   mac + "/", at + mac + "/security-group-ids": strings.Join(i.Groups, "\n"),
		at + mac + "/public-ipv4s": i.Address, at + mac + "/vpc-id": i.VPC,
	}
	const creds = "meta-data/iam/security-credentials/"
	if c.role != nil {
		answers[creds] = c.role.Name
		answers[creds+c.role.Name] = c.roleKey()
	}
	answer, ok := answers[path]
	if !ok || answer == "" {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, answer)
}

// roleKey makes a session for the instance's role, as the metadata tell it.
func (c *Cloud) roleKey() string {
	k := c.session(nil, c.role, false, time.Hour)
	return fmt.Sprintf(`{"Code":"Success","LastUpdated":%q,"Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`,
		c.now().UTC().Format(time.RFC3339), k.id, k.secret, k.session, k.expires.UTC().Format(time.RFC3339))
}
