// Package shamir splits a secret into shares of which any k restore it and k-1 tell
// nothing: Shamir's scheme over GF(256), byte by byte.
//
// It is written here because the libraries that were looked at are internal to larger
// programs, are copies of those, or share scalars of a curve. The field is that of AES
// (x^8+x^4+x^3+x+1), the secret lies at x = 0, as in draft-mcgrew-tss-03 and SLIP-39,
// whose published vectors are the tests. Nothing branches on a secret byte or uses one
// as an index.
package shamir

import (
	"errors"
	"fmt"
	"io"
)

// Share is a point of each byte's polynomial. X is 1 to 255 and no secret.
type Share struct {
	X     byte
	Value []byte
}

// Split makes n shares of a secret, with X from 1 to n, any k of which restore it.
// Random must be a cryptographic source. The secret is left as it is.
func Split(random io.Reader, secret []byte, k, n int) ([]Share, error) {
	if len(secret) == 0 || k < 2 || n < k || n > 255 {
		return nil, fmt.Errorf("split %d bytes into %d shares, any %d of which restore them: impossible", len(secret), n, k)
	}
	above := make([]byte, len(secret)*(k-1)) // the coefficients above the constant ones
	defer clear(above)
	if _, err := io.ReadFull(random, above); err != nil {
		return nil, fmt.Errorf("split: read random bytes: %w", err)
	}
	shares := make([]Share, n)
	for i := range shares {
		x := byte(i + 1)
		value := make([]byte, len(secret))
		for j := range secret {
			y := byte(0)
			for _, a := range above[j*(k-1) : (j+1)*(k-1)] {
				y = mul(y^a, x)
			}
			value[j] = y ^ secret[j]
		}
		shares[i] = Share{x, value}
	}
	return shares, nil
}

// ErrShares is returned for shares that cannot belong together: of unequal length, or
// with an X that is 0 or there twice.
var ErrShares = errors.New("shares that do not belong together")

// Combine restores a secret from exactly as many shares as were said to be needed.
// Whether they were the right ones it cannot tell: other shares give other bytes.
func Combine(shares []Share) ([]byte, error) {
	for _, s := range shares {
		if s.X == 0 {
			return nil, ErrShares
		}
	}
	return at(0, shares)
}

// at finds the value at x of the polynomials through all points, by Lagrange.
func at(x byte, points []Share) ([]byte, error) {
	if len(points) < 2 || len(points[0].Value) == 0 {
		return nil, ErrShares
	}
	out := make([]byte, len(points[0].Value))
	for i, p := range points {
		if len(p.Value) != len(out) {
			return nil, ErrShares
		}
		weight := byte(1)
		for j, q := range points {
			if i == j {
				continue
			}
			if p.X == q.X {
				return nil, ErrShares
			}
			weight = mul(weight, mul(x^q.X, inverse(p.X^q.X)))
		}
		for b, y := range p.Value {
			out[b] ^= mul(weight, y)
		}
	}
	return out, nil
}

// mul multiplies in the field: eight steps whatever the factors are.
func mul(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return product
}

// inverse is a^254, which is 1/a; that of 0 is 0, and is never asked for.
func inverse(a byte) byte {
	result := byte(1)
	for range 7 { // 254 = 0b11111110
		a = mul(a, a)
		result = mul(result, a)
	}
	return result
}
