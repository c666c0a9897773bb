package chain

// Size is a number of bytes. In a configuration it is written "64KiB", "1.5GiB"
// or as a plain number of bytes.
type Size uint64

// Secret says where a secret is to be found; it is never the secret itself:
//
//	file:/run/secrets/db       the file's content, without its last newline
//	env:NAME                   an environment variable
//	credential:NAME            a systemd credential ($CREDENTIALS_DIRECTORY/NAME)
//
// The zero Secret stands for none.
type Secret string
