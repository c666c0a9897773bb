package passkey

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/web/signin"
)

func TestBegin(t *testing.T) {
	in, err := Do(signin.PasskeyJob{Op: signin.BeginIn, Host: "guard.example.org", Origin: "https://guard.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		Challenge        string
		RPID             string
		UserVerification string
	}
	if err := json.Unmarshal(in.Options, &o); err != nil || len(o.Challenge) < 40 || o.RPID != "guard.example.org" || o.UserVerification != "required" {
		t.Errorf("%v %s", err, in.Options)
	}
	bring, err := Do(signin.PasskeyJob{Op: signin.BeginBring, Host: "guard.example.org", Origin: "https://guard.example.org", ID: []byte("0123456789"), Name: "花子"})
	if err != nil || !strings.Contains(string(bring.Options), `"residentKey":"required"`) || !strings.Contains(string(bring.Options), `"attestation":"none"`) {
		t.Errorf("%v %s", err, bring.Options)
	}
	if bytes.Equal(in.Data, bring.Data) {
		t.Error("the same challenge twice")
	}
}

// Whatever strangers send is answered by an error, in bounded memory.
func FuzzMain(f *testing.F) {
	in, err := Do(signin.PasskeyJob{Op: signin.BeginIn, Host: "localhost", Origin: "http://localhost"})
	if err != nil {
		f.Fatal(err)
	}
	for _, answer := range []string{
		`{}`, `null`, `{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AA","userHandle":"AAAA"}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`,
	} {
		f.Add(signin.FinishIn, []byte(answer))
		f.Add(signin.FinishBring, []byte(answer))
	}
	f.Fuzz(func(t *testing.T, op string, answer []byte) {
		if !json.Valid(answer) {
			return
		}
		job, err := json.Marshal(signin.PasskeyJob{Op: op, Host: "localhost", Origin: "http://localhost", ID: []byte("x"), Data: in.Data, Answer: answer})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := Main(bytes.NewReader(job), &out); err != nil {
			t.Fatal(err)
		}
		var r signin.PasskeyResult
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Error == "" && op != signin.BeginIn && op != signin.BeginBring {
			t.Errorf("%v %s", err, &out)
		}
	})
}

func TestAJobWithoutEnd(t *testing.T) {
	var out bytes.Buffer
	if err := Main(strings.NewReader(strings.Repeat("x", 2*maxJob)), &out); err != nil || !strings.Contains(out.String(), "longer") {
		t.Errorf("%v %s", err, &out)
	}
}
