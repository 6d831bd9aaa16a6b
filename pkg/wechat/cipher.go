package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

const (
	padBlock   = 32 // padding has 1 to 32 bytes: the platform pads to twice the AES block
	frameStart = 16 // random bytes before the length of the message
	frameHead  = frameStart + 4
)

// errDecrypt is the only error of Decrypt. It does not say what was wrong, so that it is no oracle.
var errDecrypt = errors.New("wechat: not a message encrypted for this account")

// Cipher encrypts and decrypts the messages of one account with one EncodingAESKey. It is safe for concurrent use.
//
// The encryption is AES-256-CBC with the first 16 bytes of the key as IV. The plaintext is random(16) ‖ length(4,
// big-endian, bytes) ‖ message ‖ appid, padded to 32 bytes.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
type Cipher struct {
	block cipher.Block
	iv    [aes.BlockSize]byte
	appID string
}

// NewCipher returns a Cipher for the appid, which is part of every message, and the EncodingAESKey of the platform's
// console. It returns an error if the appid is empty or the key has another form.
func NewCipher(appID, encodingAESKey string) (*Cipher, error) {
	if appID == "" {
		return nil, errors.New("wechat: the appid is empty")
	}
	key, err := base64.RawStdEncoding.DecodeString(encodingAESKey)
	if err != nil || !IsEncodingAESKey(encodingAESKey) {
		return nil, errors.New("wechat: an EncodingAESKey has 43 characters A-Z, a-z, 0-9")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	c := &Cipher{block: block, appID: appID}
	copy(c.iv[:], key)
	return c, nil
}

// IsEncodingAESKey reports whether s has the form of an EncodingAESKey: 43 characters A-Z, a-z, 0-9.
//
// The key is the base64 of 32 bytes without the = at its end. A strict decoder would refuse most keys: the last character
// has two unused bits, which are often set.
func IsEncodingAESKey(s string) bool {
	return len(s) == 43 && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) })
}

// Encrypt returns the text of the Encrypt element for message. Two calls with the same message return different texts.
func (c *Cipher) Encrypt(message []byte) string {
	var random [frameStart]byte
	rand.Read(random[:]) // never fails
	return c.encrypt(random, message)
}

func (c *Cipher) encrypt(random [frameStart]byte, message []byte) string {
	size := frameHead + len(message) + len(c.appID)
	pad := padBlock - size%padBlock

	frame := make([]byte, 0, size+pad)
	frame = append(frame, random[:]...)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(message)))
	frame = append(frame, message...)
	frame = append(frame, c.appID...)
	for range pad {
		frame = append(frame, byte(pad))
	}
	cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(frame, frame)
	return base64.StdEncoding.EncodeToString(frame)
}

// Decrypt returns the message in encrypt, the text of an Encrypt element. Verify its msg_signature first. Decrypt returns an
// error if encrypt is not base64 of whole blocks, or if the padding, the length or the appid is wrong.
func (c *Cipher) Decrypt(encrypt string) ([]byte, error) {
	frame, err := base64.StdEncoding.DecodeString(encrypt)
	if err != nil || len(frame) == 0 || len(frame)%padBlock != 0 {
		return nil, errDecrypt
	}
	cipher.NewCBCDecrypter(c.block, c.iv[:]).CryptBlocks(frame, frame)

	last := frame[len(frame)-1]
	pad := int(last)
	if pad < 1 || pad > padBlock || bytes.Count(frame[len(frame)-pad:], []byte{last}) != pad {
		return nil, errDecrypt
	}
	frame = frame[:len(frame)-pad]
	if len(frame) < frameHead {
		return nil, errDecrypt
	}
	length := uint64(binary.BigEndian.Uint32(frame[frameStart:]))
	frame = frame[frameHead:]
	if length > uint64(len(frame)) || string(frame[length:]) != c.appID {
		return nil, errDecrypt
	}
	return frame[:length:length], nil
}
