package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// A prompt asks the owner. It writes questions to out and reads one line for each answer.
type prompt struct {
	in     *bufio.Reader
	out    io.Writer
	hidden func() ([]byte, error) // reads a line without showing it; nil if the input is not a terminal
}

// newPrompt returns a prompt on the terminal. If standard input is not a terminal, a script answers from there.
func newPrompt() *prompt {
	p := &prompt{in: bufio.NewReader(os.Stdin), out: os.Stderr}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		p.hidden = func() ([]byte, error) { return readHidden(fd) }
	}
	return p
}

// readHidden reads a line of the terminal without showing it. It restores the terminal also after Ctrl-C.
func readHidden(fd int) ([]byte, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupted, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	defer close(done)
	go func() {
		select {
		case <-interrupted:
			_ = term.Restore(fd, state) // the process ends anyway
			fmt.Fprintln(os.Stderr, "\ninterrupted: nothing was written")
			os.Exit(1)
		case <-done:
		}
	}()
	return term.ReadPassword(fd)
}

// secret asks, without showing the answer, until check accepts it. It does not ask a script again, because the script's
// next line answers the next question.
func (p *prompt) secret(question string, check func(answer string) error) (string, error) {
	for {
		fmt.Fprint(p.out, question+" ")
		answer, err := p.line()
		if err != nil {
			return "", err
		}
		err = check(answer)
		if err == nil || p.hidden == nil {
			return answer, err
		}
		fmt.Fprintln(p.out, err)
	}
}

func (p *prompt) line() (string, error) {
	read := p.hidden
	if read == nil {
		read = func() ([]byte, error) { return p.in.ReadBytes('\n') }
	}
	line, err := read()
	fmt.Fprintln(p.out) // the owner's Enter is hidden too
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		return "", errors.New("the input has ended before all questions were answered: nothing was written")
	}
	return strings.TrimSpace(string(line)), nil
}

// confirm asks a question. Any answer but yes is an error.
func (p *prompt) confirm(question string) error {
	fmt.Fprint(p.out, question+" Type yes to go on: ")
	answer, _ := p.in.ReadString('\n') // the end of the input is not a yes
	if p.hidden == nil {
		fmt.Fprintln(p.out)
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not confirmed: nothing was changed")
	}
	return nil
}
