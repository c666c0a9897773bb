package aws

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/words"
)

// Whatever is asked, there is an answer, and it shows no code.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `{"do":"groups"}`, `{"do":"open","with":{"target":{"group":"sg-1"},"from":"203.0.113.5/32","ports":[22],"last":1}}`,
		`{"do":"format_disk"}`, `{"do":"end","with":{}}{}`, `{"do":"serial","access":{"profile":"x","code":"918273"},"with":{}}`, `{"do":"open","with":{"from":"::/0"}}`,
	} {
		f.Add([]byte(s))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is to go out
	f.Fuzz(func(t *testing.T, b []byte) {
		if strings.Contains(string(b), "profile") || strings.Contains(string(b), `"address"`) {
			return // reads files
		}
		t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		t.Setenv("AWS_REGION", "eu-west-1")
		answer, err := Do(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		var a cloud.Answer
		if json.Unmarshal(answer, &a) != nil || a.Error == nil && a.Result == nil {
			t.Fatalf("%q: %s", b, answer)
		}
	})
}

// What AWS says of a refusal becomes a plain permission or none.
func FuzzPermission(f *testing.F) {
	for _, s := range []string{
		"", "User: arn:aws:iam::1:user/x is not authorized to perform: ec2:CreateTags on resource: arn because no identity-based policy allows the ec2:CreateTags action",
		"is not authorized to perform: ", "is not authorized to perform: \x00", "is not authorized to perform: iam:*", "is not authorized to perform: a:b.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := permissionIn(s)
		if p != "" && (!strings.Contains(p, ":") || p != words.Clean(p) || strings.ContainsAny(p, " {}<>") || len(p) > 100) {
			t.Errorf("%q: %q", s, p)
		}
		whatFailed(s)
		if got := short(s); got != words.Clean(got) || len(got) > maxText+len("…") {
			t.Errorf("%q: %q", s, got)
		}
	})
}

func FuzzRestError(f *testing.F) {
	f.Add("AccessDeniedException:http://x", []byte(`{"message":"no"}`))
	f.Add("", []byte(`{"__type":"com.amazon#ConflictException"}`))
	f.Add("", []byte(`<html>`))
	f.Fuzz(func(t *testing.T, code string, body []byte) {
		if err := restError(code, body); err == nil {
			t.Error("no error")
		}
	})
}
