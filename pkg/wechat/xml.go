package wechat

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	errSyntax  = errors.New("not well-formed XML")
	errDoctype = errors.New("XML with a DOCTYPE")
	errComment = errors.New("XML with a comment within")
)

// parseXML reads the one root element of s. It is a parser of our own because encoding/xml refuses what followers type
// (control characters), cannot be told not to, and does not tell CDATA from other text. Wherever encoding/xml accepts a
// document, this parser reads the same from it, without the blanks outside CDATA at the ends of a text (a fuzz test holds it
// to that). Beyond it, it
//   - leaves out control characters (what is not UTF-8 is mended before: see mend);
//   - ignores the declared encoding: the platform writes UTF-8;
//   - refuses a DOCTYPE, all that nests deeper or repeats more than any push does, and comments and processing
//     instructions within the root: the platform writes none, and a text could hide in one what follows it.
//
// It knows character references and the five entities of XML, and no others. Names are without their namespace prefix,
// attributes are skipped.
func parseXML(s string) (*element, error) {
	p := parser{rest: s}
	var root *element
	for {
		// Text outside the root is ignored, as encoding/xml's Unmarshal does.
		i := strings.IndexByte(p.rest, '<')
		if i < 0 {
			if root == nil {
				return nil, errSyntax
			}
			return root, nil
		}
		p.rest = p.rest[i:]
		if skipped, err := p.skipMisc(); err != nil {
			return nil, err
		} else if skipped {
			continue
		}
		if _, isCDATA, err := p.cdata(); err != nil {
			return nil, err
		} else if isCDATA {
			continue
		}
		if root != nil {
			return nil, errSyntax // a second root: a text that ended the first one
		}
		root = new(element)
		if err := p.element(root, 1); err != nil {
			return nil, err
		}
	}
}

type parser struct {
	rest   string
	bounds bounds
}

// element reads an element, of which the '<' is next, into e.
func (p *parser) element(e *element, depth int) error {
	if err := p.bounds.enter(depth); err != nil {
		return err
	}
	tag, closed, err := p.startTag()
	if err != nil {
		return err
	}
	e.name = localName(tag)
	if closed {
		return nil
	}
	var text textBuilder
	for {
		i := strings.IndexByte(p.rest, '<')
		if i < 0 {
			return errSyntax
		}
		if i > 0 {
			if err := text.addMarkup(p.rest[:i]); err != nil {
				return err
			}
			p.rest = p.rest[i:]
		}
		if strings.HasPrefix(p.rest, "</") {
			e.text = text.String()
			return p.endTag(tag)
		}
		if skipped, err := p.skipMisc(); err != nil {
			return err
		} else if skipped {
			return errComment
		}
		if data, isCDATA, err := p.cdata(); err != nil {
			return err
		} else if isCDATA {
			text.addCDATA(data)
			continue
		}
		if e.children == nil {
			e.children = make([]element, 0, 8) // as many as most pushes have
		}
		e.children = append(e.children, element{})
		if err := p.element(&e.children[len(e.children)-1], depth+1); err != nil {
			return err
		}
	}
}

// startTag reads `<name attribute="value">` or `<name/>`.
func (p *parser) startTag() (name string, closed bool, err error) {
	p.rest = p.rest[1:]
	name = p.name()
	if name == "" {
		return "", false, errSyntax
	}
	for {
		p.space()
		switch {
		case p.next(">"):
			return name, false, nil
		case p.next("/>"):
			return name, true, nil
		}
		if p.name() == "" {
			return "", false, errSyntax
		}
		p.space()
		if !p.next("=") {
			return "", false, errSyntax
		}
		p.space()
		if p.rest == "" || (p.rest[0] != '"' && p.rest[0] != '\'') {
			return "", false, errSyntax
		}
		value, rest, found := strings.Cut(p.rest[1:], p.rest[:1])
		if !found || strings.Contains(value, "<") {
			return "", false, errSyntax
		}
		p.rest = rest
	}
}

func (p *parser) endTag(name string) error {
	p.rest = p.rest[2:]
	if p.name() != name {
		return errSyntax
	}
	p.space()
	if !p.next(">") {
		return errSyntax
	}
	return nil
}

// skipMisc skips a comment or a processing instruction, and refuses a DOCTYPE.
func (p *parser) skipMisc() (skipped bool, err error) {
	var end string
	switch {
	case strings.HasPrefix(p.rest, "<!--"):
		p.rest, end = p.rest[4:], "-->"
	case strings.HasPrefix(p.rest, "<?"):
		p.rest, end = p.rest[2:], "?>"
	case strings.HasPrefix(p.rest, "<!") && !strings.HasPrefix(p.rest, cdataOpen):
		return false, errDoctype
	default:
		return false, nil
	}
	i := strings.Index(p.rest, end)
	if i < 0 {
		return false, errSyntax
	}
	p.rest = p.rest[i+len(end):]
	return true, nil
}

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// cdata reads a CDATA section up to the first `]]>`, if one is next.
func (p *parser) cdata() (data string, found bool, err error) {
	rest, found := strings.CutPrefix(p.rest, cdataOpen)
	if !found {
		return "", false, nil
	}
	data, p.rest, found = strings.Cut(rest, cdataClose)
	if !found {
		return "", false, errSyntax
	}
	return data, true, nil
}

func (p *parser) name() string {
	i := 0
	for i < len(p.rest) && !endsName(p.rest[i]) {
		i++
	}
	name := p.rest[:i]
	p.rest = p.rest[i:]
	return name
}

func endsName(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '/', '>', '=', '<', '\'', '"', '&':
		return true
	}
	return false
}

func (p *parser) space() { p.rest = trimBlanks(p.rest) }

// trimBlanks cuts the white space of XML, which is JSON's as well, off the start of s.
func trimBlanks(s string) string {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return s[i:]
}

func (p *parser) next(token string) bool {
	rest, found := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return found
}

// localName is the name without its namespace prefix, cut as encoding/xml does.
func localName(name string) string {
	if prefix, local, found := strings.Cut(name, ":"); found && prefix != "" && local != "" {
		return local
	}
	return name
}

// textBuilder collects character data. The usual text, one piece that needs no change, is kept without a copy.
type textBuilder struct {
	first string
	rest  []byte // all of it, once there is a second piece
	end   int    // where it ends without the blanks outside CDATA
	begun bool   // whether anything counted: until then, blanks outside CDATA are left out
}

func (b *textBuilder) add(s string) {
	switch {
	case s == "":
	case b.first == "" && b.rest == nil:
		b.first = s
	case b.rest == nil:
		b.rest = append([]byte(b.first), s...)
	default:
		b.rest = append(b.rest, s...)
	}
}

func (b *textBuilder) len() int {
	if b.rest != nil {
		return len(b.rest)
	}
	return len(b.first)
}

func (b *textBuilder) String() string {
	if b.rest != nil {
		return string(b.rest[:b.end])
	}
	return b.first[:b.end]
}

// addCDATA adds the inside of a CDATA section, whose blanks count.
func (b *textBuilder) addCDATA(data string) {
	b.add(clean(data))
	b.begun, b.end = true, b.len()
}

// addOutside adds character data outside CDATA, whose blanks count only between other text.
func (b *textBuilder) addOutside(s string) {
	if !b.begun {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
	}
	b.add(s)
	if text := strings.TrimRightFunc(s, unicode.IsSpace); text != "" {
		b.begun, b.end = true, b.len()-(len(s)-len(text))
	}
}

// addMarkup adds character data in which references stand.
func (b *textBuilder) addMarkup(s string) error {
	if strings.Contains(s, cdataClose) {
		return errSyntax
	}
	for {
		before, after, found := strings.Cut(s, "&")
		b.addOutside(clean(before))
		if !found {
			return nil
		}
		var name string
		if name, s, found = strings.Cut(after, ";"); !found {
			return errSyntax
		}
		text, err := reference(name)
		if err != nil {
			return err
		}
		b.addOutside(text)
	}
}

// reference resolves what stands between & and ;.
func reference(name string) (string, error) {
	switch name {
	case "lt":
		return "<", nil
	case "gt":
		return ">", nil
	case "amp":
		return "&", nil
	case "apos":
		return "'", nil
	case "quot":
		return `"`, nil
	}
	digits, found := strings.CutPrefix(name, "#")
	if !found {
		return "", errSyntax
	}
	base := 10
	if hex, found := strings.CutPrefix(digits, "x"); found {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return "", errSyntax
	}
	if r := rune(n); r == '\r' || isText(r) {
		return string(r), nil
	} else if !utf8.ValidRune(r) { // half of a surrogate pair
		return string(utf8.RuneError), nil
	}
	return "", nil
}

// isText reports whether XML 1.0 allows r in a text (its production 2, Char), a carriage return aside.
func isText(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n'
	case r < 0xD800:
		return true
	case r < 0xE000:
		return false
	}
	return r <= 0xFFFD || r > 0xFFFF && r <= utf8.MaxRune
}

// clean leaves out of s what XML does not allow in a text (users do type it) and, as every XML parser must, writes line
// ends as \n. A clean s is returned without a copy.
func clean(s string) string {
	i := 0
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isText(r) {
			break
		}
		i += size
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '\r':
			if i == len(s) || s[i] != '\n' {
				b = append(b, '\n')
			}
		case isText(r):
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// maxMended is how many broken places of a document mend marks.
const maxMended = 32

// mend returns s in UTF-8: it marks a run of bytes that are not UTF-8 by one U+FFFD, and leaves out the runs after the
// first maxMended. So what is not UTF-8 grows by 64 bytes at most: one U+FFFD for each byte would be three times as long.
func mend(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	const mark = string(utf8.RuneError)
	var b strings.Builder
	b.Grow(len(s) + maxMended*(len(mark)-1))
	marks, broken := 0, false
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || size > 1 {
			b.WriteString(s[i : i+size])
			broken = false
		} else if !broken {
			broken = true
			if marks++; marks <= maxMended {
				b.WriteString(mark)
			}
		}
		i += size
	}
	return b.String()
}
