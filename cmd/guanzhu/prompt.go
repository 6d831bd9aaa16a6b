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

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// A prompt asks the owner. It writes questions to out and reads one line for each answer.
type prompt struct {
	lang   language
	in     *bufio.Reader
	out    io.Writer
	hidden func() ([]byte, error) // reads a line without showing it; nil if the input is not a terminal
}

// newPrompt returns a prompt on the terminal. If standard input is not a terminal, a script answers from there.
func newPrompt(lang language) *prompt {
	p := &prompt{lang: lang, in: bufio.NewReader(os.Stdin), out: os.Stderr}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		p.hidden = func() ([]byte, error) { return readHidden(fd, lang) }
	}
	return p
}

// readHidden reads a line of the terminal without showing it. It restores the terminal also after Ctrl-C.
func readHidden(fd int, lang language) ([]byte, error) {
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
			fmt.Fprintln(os.Stderr, lang.say("\n已中断，没有写入任何内容", "\ninterrupted: nothing was written"))
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
		fmt.Fprintln(p.out, bilingual.Explain(err, string(p.lang)))
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
		return "", bilingual.Errorf("还没有回答完，输入就结束了：没有写入任何内容", "the input has ended before all questions were answered: nothing was written")
	}
	return strings.TrimSpace(string(line)), nil
}

// confirm asks a question. Any answer but yes is an error.
func (p *prompt) confirm(question string) error {
	fmt.Fprint(p.out, question+p.lang.say("输入 yes 继续：", " Type yes to go on: "))
	answer, _ := p.in.ReadString('\n') // the end of the input is not a yes
	if p.hidden == nil {
		fmt.Fprintln(p.out)
	}
	if strings.TrimSpace(answer) != "yes" {
		return bilingual.Errorf("没有确认：没有做任何改动", "not confirmed: nothing was changed")
	}
	return nil
}
