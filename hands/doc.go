// Package hands is the privileged half of omamori: a closed set of typed requests,
// the server that carries them out as root, and the client that the guard has.
//
// What hands may touch stands in a file that only root can write; hands reads it
// itself (Load) and holds every request against it again. It has no network and no
// shell, and it never acts on its own: it watches, and does what it is asked. (A
// tuning is asked for together with its undoing, should nobody say in time to keep it.)
//
// A service is run by systemd, by service(8), or as hands' own child. Children
// outlive hands, so that the blog does too: the next hands takes them over.
//
// No-new-privileges is left unset on purpose: children inherit it, and php's mail()
// may need a set-group-id sendmail.
package hands
