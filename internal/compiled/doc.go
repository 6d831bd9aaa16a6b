// Package compiled keeps the YAML parser out of the functions as they are deployed. With the build tag compiled, account.yaml is
// part of the program as data.go, which internal/compile writes. Without the tag, as in tests, on the command line and after a
// bare `sam build`, the program reads the file when it starts.
package compiled
