// Package loopback finds addresses of this machine for servers that cannot tell where they listen, such as AWS's emulator.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// lastPort is the port of the last FreeAddress. The system gives connections and servers ports above 32767.
var lastPort = func() *atomic.Int64 {
	var port atomic.Int64
	port.Store(10_000 + int64(os.Getpid()%9_000)) // another one for each program
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
