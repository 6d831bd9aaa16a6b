package main

type secretsCommand struct{}

func (c *secretsCommand) Run() error { return nil }
