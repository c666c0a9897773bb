package awstest

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// key is an access key: a user's own, or one of a session.
type key struct {
	id, secret, session string
	user                *User
	role                *Role
	mfa                 bool // the session was made with a code
	expires             time.Time
	created, used       time.Time
	usedService         string
	inactive            bool
}

// scope is what an Authorization header says of itself.
type scope struct {
	key, day, region, service string
	signed                    []string
	signature                 string
}

func readScope(header string) (s scope, err error) {
	bad := &Fault{403, "IncompleteSignature", "the request is not signed with SigV4"}
	rest, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return s, &Fault{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			parts := strings.Split(value, "/")
			if len(parts) != 5 || parts[4] != "aws4_request" {
				return s, bad
			}
			s.key, s.day, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
		case "SignedHeaders":
			s.signed = strings.Split(value, ";")
		case "Signature":
			s.signature = value
		}
	}
	if s.key == "" || s.signature == "" || len(s.signed) == 0 {
		return s, bad
	}
	return s, nil
}

// window is how far the clock of who signs may be off.
const window = 5 * time.Minute

// verify signs the request again, as it came, and compares.
func (k *call) verify(r *http.Request, s scope) (*principal, error) {
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || !strings.HasPrefix(stamp, s.day) {
		return nil, &Fault{403, "IncompleteSignature", "X-Amz-Date is missing or not that of the credential"}
	}
	by := k.keys[s.key]
	switch off := k.now().Sub(at); {
	case by == nil || by.inactive:
		return nil, k.unknownKey()
	case off > window || off < -window:
		return nil, k.skewed(at)
	}
	if token := r.Header.Get("X-Amz-Security-Token"); token != by.session {
		return nil, k.unknownKey()
	}
	if !by.expires.IsZero() && k.now().After(by.expires) {
		return nil, k.expired()
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(k.body))
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, name := range s.signed {
		has[name] = true
		if v := r.Header.Values(name); len(v) > 0 && name != "host" && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = v
		}
	}
	if !has["host"] || !has["x-amz-date"] || by.session != "" && !has["x-amz-security-token"] {
		return nil, k.badSignature()
	}
	if !has["content-length"] {
		again.ContentLength = 0
	}
	sum := sha256.Sum256(k.body)
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: by.id, SecretAccessKey: by.secret, SessionToken: by.session},
		again, hex.EncodeToString(sum[:]), s.service, s.region, at)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(again.Header.Get("Authorization")), []byte(r.Header.Get("Authorization"))) != 1 {
		return nil, k.badSignature()
	}
	by.used, by.usedService = k.now(), s.service
	return by.principal(), nil
}
