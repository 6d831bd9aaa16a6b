// Package caller finds the line of the owner's code that has called a package.
package caller

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// maxFrames bounds how many calls of the package itself may lie between its function and the caller.
const maxFrames = 8

// Outside returns the place from which the package that calls Outside was called, such as account/routes.go:42: the file
// with its folder, and the line. It returns "" if the call came from the package itself.
func Outside() string {
	var pcs [maxFrames]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	asking, more := frames.Next()
	for more {
		var frame runtime.Frame
		frame, more = frames.Next()
		if packageOf(frame.Function) != packageOf(asking.Function) {
			folder, file := path.Split(frame.File)
			return path.Join(path.Base(folder), file) + ":" + strconv.Itoa(frame.Line)
		}
	}
	return ""
}

// packageOf returns the import path of the package that has the function. Type arguments of a generic function, which
// have slashes and dots as well, are in brackets at the end.
func packageOf(function string) string {
	function, _, _ = strings.Cut(function, "[")
	folder, name := path.Split(function)
	name, _, _ = strings.Cut(name, ".")
	return folder + name
}
