package ente

import (
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
	//lint:ignore SA1019 see pull
	"golang.org/x/crypto/poly1305"
)

const (
	headerSize = 24
	overhead   = 1 + poly1305.TagSize
	finalTag   = 3
)

// pull opens the only message of a stream sealed by libsodium's
// crypto_secretstream_xchacha20poly1305: its first block says whether it is the last,
// and the seal is over that block, the message, and both their lengths.
//
// poly1305 is marked as deprecated because it is easily misused; the construction that
// is to be read here is not one that chacha20poly1305 offers.
func pull(key, header, sealed []byte) (plain []byte, ok bool) {
	if len(sealed) < overhead {
		return nil, false
	}
	sub, err := chacha20.HChaCha20(key, header[:16])
	if err != nil {
		return nil, false
	}
	nonce := make([]byte, chacha20.NonceSize)
	binary.LittleEndian.PutUint32(nonce, 1) // the number of the message
	copy(nonce[4:], header[16:])
	stream, err := chacha20.NewUnauthenticatedCipher(sub, nonce)
	if err != nil {
		return nil, false
	}
	var once [64]byte
	stream.XORKeyStream(once[:], once[:])
	var authKey [32]byte
	copy(authKey[:], once[:])
	auth := poly1305.New(&authKey)

	stream.SetCounter(1)
	first := make([]byte, 64)
	first[0] = sealed[0]
	stream.XORKeyStream(first, first)
	tag := first[0]
	first[0] = sealed[0]
	message := sealed[1 : len(sealed)-poly1305.TagSize]
	write := func(b []byte) { _, _ = auth.Write(b) } // never fails
	write(first)
	write(message)
	// libsodium pads as if the first block counted from its end; so it stays.
	write(make([]byte, (0x10-64+len(message))&0xf))
	var sizes [16]byte
	binary.LittleEndian.PutUint64(sizes[8:], uint64(64+len(message)))
	write(sizes[:])
	if subtle.ConstantTimeCompare(auth.Sum(nil), sealed[len(sealed)-poly1305.TagSize:]) != 1 || tag != finalTag {
		return nil, false
	}
	plain = make([]byte, len(message))
	stream.SetCounter(2)
	stream.XORKeyStream(plain, message)
	return plain, true
}
