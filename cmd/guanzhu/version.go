package main

import (
	"errors"
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version that the go command has recorded: that of the module or, in a checkout, of its last commit.
func (versionCommand) Run(lang language) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New(lang.say("这个程序没有记录版本", "this program has no record of its version"))
	}
	fmt.Println("guanzhu", info.Main.Version, info.GoVersion)
	return nil
}
