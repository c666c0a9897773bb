package awstest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is a refusal, with AWS's own code.
type Fault struct {
	Status        int
	Code, Message string
}

func (f *Fault) Error() string { return f.Code + ": " + f.Message }

func (k *call) json() bool {
	return k.service == "account" || k.service == "ssm" || k.service == "ce" || k.service == "ec2-instance-connect"
}

func (k *call) contentType() string {
	switch {
	case k.service == "account":
		return "application/json"
	case k.json():
		return "application/x-amz-json-1.1"
	}
	return "text/xml"
}

// refuse writes an error as the service does.
func (k *call) refuse(w http.ResponseWriter, err error) {
	f, ok := err.(*Fault)
	if !ok {
		f = &Fault{500, "InternalError", err.Error()}
	}
	w.Header().Set("Content-Type", k.contentType())
	switch {
	case k.service == "account":
		w.Header().Set("X-Amzn-ErrorType", f.Code)
		w.WriteHeader(f.Status)
		writeJSON(w, map[string]string{"message": f.Message})
	case k.json():
		w.WriteHeader(f.Status)
		writeJSON(w, map[string]string{"__type": f.Code, "message": f.Message})
	case k.service == "ec2":
		w.WriteHeader(f.Status)
		fmt.Fprint(w, tag("Response", tag("Errors", tag("Error", text("Code", f.Code), text("Message", f.Message))), text("RequestID", "awstest")))
	default:
		w.WriteHeader(f.Status)
		fmt.Fprint(w, tag("ErrorResponse", tag("Error", text("Type", "Sender"), text("Code", f.Code), text("Message", f.Message)), text("RequestId", "awstest")))
	}
}

func writeJSON(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) } // whoever asked is gone

// either gives the code that the service has for one and the same thing: EC2's, the
// query protocols', the JSON protocols'.
func (k *call) either(ec2, query, json string) string {
	switch {
	case k.service == "ec2":
		return ec2
	case k.json():
		return json
	}
	return query
}

func (k *call) throttle() *Fault {
	code := k.either("RequestLimitExceeded", "Throttling", "ThrottlingException")
	status := 400
	if k.service == "ec2" {
		status = 503
	}
	return &Fault{status, code, "Request limit exceeded."}
}

func (k *call) unknownKey() *Fault {
	if k.service == "ec2" {
		return &Fault{401, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	}
	return &Fault{403, k.either("", "InvalidClientTokenId", "UnrecognizedClientException"), "The security token included in the request is invalid."}
}

func (k *call) expired() *Fault {
	return &Fault{400, k.either("RequestExpired", "ExpiredToken", "ExpiredTokenException"), "The security token included in the request is expired"}
}

func (k *call) skewed(at time.Time) *Fault {
	if k.service == "ec2" {
		return &Fault{400, "RequestExpired", "Request has expired."}
	}
	const form = "20060102T150405Z"
	now := k.now().UTC()
	message := fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", at.Format(form), now.Add(-window).Format(form), now.Format(form))
	if at.After(now) {
		message = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", at.Format(form), now.Add(window).Format(form), now.Format(form))
	}
	return &Fault{403, k.either("", "SignatureDoesNotMatch", "InvalidSignatureException"), message}
}

func (k *call) badSignature() *Fault {
	if k.service == "ec2" {
		return &Fault{401, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	}
	return &Fault{403, k.either("", "SignatureDoesNotMatch", "InvalidSignatureException"),
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
}

// tag is an element of XML around others.
func tag(name string, inner ...string) string {
	return "<" + name + ">" + strings.Join(inner, "") + "</" + name + ">"
}

// text is an element of XML with a text in it, nothing for an empty one.
func text(name, value string) string {
	if value == "" {
		return ""
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // a builder takes all
	return tag(name, b.String())
}

func number(name string, n int) string { return text(name, strconv.Itoa(n)) }

func boolean(name string, b bool) string { return text(name, strconv.FormatBool(b)) }

func moment(name string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return text(name, t.UTC().Format(time.RFC3339))
}

// result is the answer of a query protocol: EC2's is flat, others' has a result in it.
func (k *call) result(inner ...string) string {
	name := k.action + "Response"
	if k.service == "ec2" {
		return tag(name, text("requestId", "awstest")+strings.Join(inner, ""))
	}
	return tag(name, tag(k.action+"Result", inner...), tag("ResponseMetadata", text("RequestId", "awstest")))
}

// list reads PREFIX.1, PREFIX.2 and so on.
func (k *call) list(prefix string) (all []string) {
	for i := 1; ; i++ {
		v, ok := k.form[prefix+"."+strconv.Itoa(i)]
		if !ok {
			return all
		}
		all = append(all, v[0])
	}
}

// each gives the prefixes PREFIX.1, PREFIX.2 and so on under which something stands.
func (k *call) each(prefix string) (all []string) {
	for i := 1; ; i++ {
		p := prefix + "." + strconv.Itoa(i) + "."
		found := false
		for name := range k.form {
			found = found || strings.HasPrefix(name, p)
		}
		if !found {
			return all
		}
		all = append(all, p)
	}
}

// paged cuts the entries of an answer into pages; next is empty at the end.
func (k *call) paged(n int) (from, to int, next string, err error) {
	if t := k.form.Get("NextToken"); t != "" {
		if from, err = strconv.Atoi(t); err != nil || from > n {
			return 0, 0, "", &Fault{400, "InvalidNextToken", t}
		}
	}
	to = n
	if k.page > 0 && from+k.page < n {
		to = from + k.page
		next = strconv.Itoa(to)
	}
	return from, to, next, nil
}

// filters are what of a list is asked for: values by what they are of.
type filters map[string][]string

// filters reads the filters of a request: by tags, and by what is known besides.
func (k *call) filters(known string) (filters, error) {
	all := filters{}
	for _, p := range k.each("Filter") {
		name := k.form.Get(p + "Name")
		if name != known && !strings.HasPrefix(name, "tag:") {
			return nil, &Fault{400, "InvalidParameterValue", "awstest does not know the filter " + name}
		}
		all[name] = k.list(p + "Value")
	}
	return all, nil
}

// pass reports whether a value is among those that are asked for, if any are.
func (f filters) pass(name, value string) bool {
	want, asked := f[name]
	return !asked || slices.Contains(want, value)
}

// tagged reports whether tags are as they are asked for.
func (f filters) tagged(tags map[string]string) bool {
	for name, want := range f {
		key, of := strings.CutPrefix(name, "tag:")
		if value, has := tags[key]; of && (!has || !slices.Contains(want, value)) {
			return false
		}
	}
	return true
}
