package vault

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// history says which edits an entry has in it. Each edit has a random name of its own,
// so that two devices never give the same one, whatever was copied from where.
type history struct {
	edit   string   // the one that made it what it is
	before []string // those that it replaced, oldest first
}

// longestHistory bounds how many edits are remembered. What is forgotten can make a
// merge keep an old copy too much, never one too few.
const longestHistory = 256

func (h history) edited() history {
	before := slices.Clone(h.before)
	if h.edit != "" {
		before = append(before, h.edit)
	}
	return history{random(), cut(before)}
}

func cut(before []string) []string { return before[max(0, len(before)-longestHistory):] }

// knows reports whether o's content is in h: h is o, or has replaced it.
func (h history) knows(o history) bool { return h.edit == o.edit || slices.Contains(h.before, o.edit) }

// with is h, with all of o known.
func (h history) with(o history) history {
	for _, e := range append(slices.Clone(o.before), o.edit) {
		if e != h.edit && !slices.Contains(h.before, e) {
			h.before = append(slices.Clone(h.before), e)
		}
	}
	// In one order on every device.
	slices.Sort(h.before)
	h.before = cut(h.before)
	return h
}

// Merged is what a merge has brought, by name.
type Merged struct {
	Added, Changed, Removed []string
	// Both are entries that were changed here and there into different ones: both are
	// kept, the older one under a name of its own.
	Both []string
	// Twice are accounts that make the same codes as one that was there.
	Twice []string
}

// Merge takes in what another copy of the vault has. No entry is lost: of two edits
// that did not know of each other, both stay where they make different codes; a
// deletion counts only for what it knew.
func (v *Vault) Merge(o *Vault) Merged {
	var m Merged
	for _, theirs := range o.entries {
		i := slices.IndexFunc(v.entries, func(e Entry) bool { return e.ID == theirs.ID })
		if i < 0 {
			if !theirs.deleted {
				m.Added = append(m.Added, theirs.Name)
				if twin := v.twin(theirs); twin != "" {
					m.Twice = append(m.Twice, twin)
				}
			}
			v.entries = append(v.entries, theirs.clone())
			continue
		}
		ours := v.entries[i]
		winner, loser := meet(ours, theirs.clone())
		v.entries[i] = winner
		switch {
		case loser != nil:
			m.Both = append(m.Both, loser.Name)
			if !slices.ContainsFunc(v.entries, func(e Entry) bool { return e.ID == loser.ID }) {
				v.entries = append(v.entries, *loser)
			}
		case winner.deleted && !ours.deleted:
			m.Removed = append(m.Removed, ours.Name)
		case !winner.deleted && winner.history.edit != ours.history.edit:
			m.Changed = append(m.Changed, winner.Name)
		}
	}
	for _, r := range o.recipients {
		v.meetRecipient(r)
	}
	slices.SortStableFunc(v.entries, func(a, b Entry) int {
		return cmp.Or(a.Added.Compare(b.Added), cmp.Compare(a.ID, b.ID))
	})
	return m
}

// meetRecipient takes in a recipient of another copy. Of what was said of one key the
// later counts; at the same time, that it was taken away.
func (v *Vault) meetRecipient(r Recipient) {
	i := slices.IndexFunc(v.recipients, func(have Recipient) bool { return have.Key == r.Key })
	switch {
	case i < 0:
		v.recipients = append(v.recipients, r)
	case r.changed.After(v.recipients[i].changed), r.changed.Equal(v.recipients[i].changed) && r.removed:
		v.recipients[i] = r
	}
}

// meet makes one entry of two of the same id, and a second where both must stay.
func meet(a, b Entry) (winner Entry, loser *Entry) {
	counter := max(a.Counter, b.Counter)
	switch aKnows, bKnows := a.history.knows(b.history), b.history.knows(a.history); {
	case aKnows && !bKnows:
		winner = a
	case bKnows && !aKnows:
		winner = b
	default:
		// Neither knew of the other, or both do: what was not deleted, then the later
		// edit; of equal times the same one on every device.
		winner = a
		if other := cmp.Or(bool2int(b.deleted)-bool2int(a.deleted), a.Changed.Compare(b.Changed), cmp.Compare(a.history.edit, b.history.edit)); other < 0 {
			winner, b = b, a
		}
		if !aKnows && !winner.deleted && !b.deleted && !winner.sameSecret(b) {
			kept := b.clone()
			kept.ID = copyID(b)
			kept.Name = b.Name + "-" + kept.ID[:4]
			loser = &kept
		}
	}
	winner.history = winner.history.with(a.history).with(b.history)
	if winner.Type == a.Type && winner.Type == b.Type && !winner.deleted {
		winner.Counter = counter
	}
	return winner, loser
}

// restored makes v, a former state, the present one in the place of now. To bring an entry
// back is an edit of it, by one who knows what became of it since: another copy of the vault
// that knows the same must not undo it in a merge. What is not brought back stays unknown
// here, so that a merge loses nothing. Neither used codes nor keys that were taken away come
// back.
func (v *Vault) restored(now *Vault, at time.Time) {
	v.entries = slices.DeleteFunc(v.entries, func(e Entry) bool { return e.deleted && now.index(e.ID) >= 0 })
	for i := range v.entries {
		e := &v.entries[i]
		j := slices.IndexFunc(now.entries, func(o Entry) bool { return o.ID == e.ID })
		if j < 0 { // what others made of it is not known here
			if !e.deleted {
				e.history, e.Changed = e.history.edited(), at.UTC()
			}
			continue
		}
		since := now.entries[j]
		if !e.deleted && since.history.edit != e.history.edit {
			e.history, e.Changed = e.history.with(since.history).edited(), at.UTC()
		}
		if !e.deleted && e.Type == since.Type {
			e.Counter = max(e.Counter, since.Counter)
		}
	}
	for _, e := range now.entries {
		if e.deleted && !slices.ContainsFunc(v.entries, func(o Entry) bool { return o.ID == e.ID }) {
			v.entries = append(v.entries, e.clone())
		}
	}
	for _, r := range now.recipients {
		v.meetRecipient(r)
	}
}

func bool2int(b bool) int {
	if b {
		return 1
	}
	return 0
}

// copyID is the id of the copy of an entry that lost, the same on every device.
func copyID(e Entry) string {
	sum := sha256.Sum256([]byte("omamori vault: copy of " + e.ID + " " + e.history.edit))
	return hex.EncodeToString(sum[:16])
}

func (e Entry) sameSecret(o Entry) bool {
	return e.Same(o.Account) && slices.Equal(e.Key, o.Key)
}

// twin names an entry that makes the same codes as e, "" if there is none.
func (v *Vault) twin(e Entry) string {
	for _, have := range v.Entries() {
		if !e.IsKey() && !have.IsKey() && have.Same(e.Account) {
			return have.Name
		}
	}
	return ""
}

func (e Entry) clone() Entry {
	e.Secret, e.Key = slices.Clone(e.Secret), slices.Clone(e.Key)
	e.history.before = slices.Clone(e.history.before)
	return e
}
