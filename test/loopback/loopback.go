// Package loopback finds addresses of this machine for servers that cannot tell where they listen, such as AWS's emulator.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// lastPort is the port of the last FreeAddress. The system gives connections and servers ports above 32767.
var lastPort = func() *atomic.Int32 {
	var port atomic.Int32
	port.Store(10_000 + rand.Int32N(9_000))
	return &port
}()

// FreeAddress returns an address where nobody listens, and where nobody will before the server does. With a port of the system's
// choice, a connection could take it first, even the one that looks whether the server is there.
func FreeAddress() (string, error) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", lastPort.Add(1))
		if listener, err := net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no port is free")
}
