package main

type followersCommand struct{}

func (c *followersCommand) Run() error { return nil }
