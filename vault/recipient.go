package vault

import (
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
)

// Recipient is somebody to whom a vault is sealed besides its own identity.
type Recipient struct {
	// Key is an age recipient ("age1…"), one of a plug-in ("age1yubikey1…"), or an
	// SSH public key of the type ssh-ed25519 or ssh-rsa.
	Key string
	// Label says whose it is.
	Label string
	Added time.Time

	changed time.Time
	removed bool
}

// SealTo adds a recipient: it can open the vault from the next writing on.
func (v *Vault) SealTo(key, label string, now time.Time) error {
	key = strings.TrimSpace(key)
	if words := strings.Fields(key); len(words) > 2 && strings.HasPrefix(key, "ssh-") {
		if label == "" {
			label = strings.Join(words[2:], " ") // the comment
		}
		key = words[0] + " " + words[1]
	}
	if _, err := recipient(key, nil); err != nil {
		return err
	}
	r := Recipient{Key: key, Label: label, Added: now.UTC(), changed: now.UTC()}
	for i, have := range v.recipients {
		if have.Key == key && !have.removed {
			return nil
		}
		if have.Key == key {
			v.recipients[i] = r
			return nil
		}
	}
	v.recipients = append(v.recipients, r)
	return nil
}

// Unseal takes a recipient away. It can still open every older copy that it can get
// hold of. False means that there was none of that key or label.
func (v *Vault) Unseal(keyOrLabel string, now time.Time) bool {
	found := false
	for i, r := range v.recipients {
		if !r.removed && (r.Key == keyOrLabel || r.Label == keyOrLabel && r.Label != "") {
			v.recipients[i].removed, v.recipients[i].changed = true, now.UTC()
			found = true
		}
	}
	return found
}

// recipient makes age's recipient of a key. Plug-ins speak through ui.
func recipient(key string, ui *plugin.ClientUI) (age.Recipient, error) {
	// Nothing quotes the key: it may be a private one that somebody pasted.
	bad := &Fault{Code: BadRecipient}
	switch {
	case strings.HasPrefix(key, "ssh-"):
		r, err := agessh.ParseRecipient(key)
		if err != nil {
			return nil, bad
		}
		return r, nil
	case strings.HasPrefix(key, "age1pq1"), strings.HasPrefix(key, "age1tag"):
		// age forbids the first beside others, and Debian's age knows neither.
		return nil, bad
	case strings.HasPrefix(key, "age1") && strings.Count(key, "1") > 1 && !nativeKey(key):
		if ui == nil {
			ui = &plugin.ClientUI{}
		}
		r, err := plugin.NewRecipient(key, ui)
		if err != nil {
			return nil, bad
		}
		return r, nil
	}
	r, err := age.ParseX25519Recipient(key)
	if err != nil {
		return nil, bad
	}
	return r, nil
}

func nativeKey(key string) bool {
	_, err := age.ParseX25519Recipient(key)
	return err == nil
}
