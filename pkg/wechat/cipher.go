package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

const (
	padBlock   = 32 // WeChat pads to 32 bytes, twice the AES block, so 1 to 32 bytes
	frameStart = 16 // random bytes before the message's length
	frameHead  = frameStart + 4
)

// ErrDecrypt is the one error of Decrypt. It does not tell what was wrong, so that it is no oracle.
var ErrDecrypt = errors.New("wechat: not a message encrypted for this account")

// Cipher encrypts and decrypts messages of one account under one EncodingAESKey: AES-256-CBC with the key's first 16
// bytes as IV, over random(16) ‖ length(4, big-endian, bytes) ‖ message ‖ appid, padded to 32 bytes
// (https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html). It is safe for concurrent use.
type Cipher struct {
	block cipher.Block
	iv    [aes.BlockSize]byte
	appID string
}

// NewCipher takes the appid, with which every message is marked, and the EncodingAESKey of the platform's console: 43
// characters A-Z, a-z, 0-9.
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
// The key is the base64 of 32 bytes without the = at its end. The last character has two bits more than it needs, which
// are set in most keys, so that a strict decoder would refuse them.
func IsEncodingAESKey(s string) bool {
	return len(s) == 43 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r)
	})
}

// Encrypt returns the text of the Encrypt element for message.
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

// Decrypt returns the message in encrypt, the text of an Encrypt element whose msg_signature has been verified already.
// The only error is ErrDecrypt: not base64, not whole blocks, broken padding, a length that lies, or another account's
// appid.
func (c *Cipher) Decrypt(encrypt string) ([]byte, error) {
	frame, err := base64.StdEncoding.DecodeString(encrypt)
	if err != nil || len(frame) == 0 || len(frame)%padBlock != 0 {
		return nil, ErrDecrypt
	}
	cipher.NewCBCDecrypter(c.block, c.iv[:]).CryptBlocks(frame, frame)

	pad := int(frame[len(frame)-1])
	if pad < 1 || pad > padBlock {
		return nil, ErrDecrypt
	}
	frame, padding := frame[:len(frame)-pad], frame[len(frame)-pad:]
	for _, b := range padding {
		if int(b) != pad {
			return nil, ErrDecrypt
		}
	}
	if len(frame) < frameHead {
		return nil, ErrDecrypt
	}
	length := uint64(binary.BigEndian.Uint32(frame[frameStart:]))
	frame = frame[frameHead:]
	if length > uint64(len(frame)) || string(frame[length:]) != c.appID {
		return nil, ErrDecrypt
	}
	return frame[:length:length], nil
}
