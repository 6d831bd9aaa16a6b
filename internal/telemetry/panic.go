package telemetry

import "runtime"

// Panic returns what a log may tell of the value of a panic: the text of an error of the Go runtime. Any other value may
// contain a secret or what a user wrote.
func Panic(value any) string {
	if e, ok := value.(runtime.Error); ok {
		return e.Error()
	}
	return "a value that is not logged"
}
