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

// parseXML parses the only root element of s.
//
// encoding/xml does not serve here: it refuses the control characters that followers type, and does not distinguish CDATA
// from other text. If encoding/xml accepts a document, parseXML reads the same from it, without the blanks outside CDATA at
// the ends of a text; a fuzz test compares them. Differences are:
//   - Control characters are removed. Bytes that are not UTF-8 are replaced beforehand; see mend.
//   - The declared encoding is ignored: the platform writes UTF-8.
//   - A DOCTYPE and documents beyond the limits are errors.
//   - Comments and processing instructions within the root are errors. The platform writes none, and a text could hide what
//     follows it in one.
//
// parseXML knows character references and the five entities of XML. Names lose their namespace prefix, attributes are
// skipped.
func parseXML(s string) (root element, err error) {
	p := parser{rest: s}
	for {
		// Text outside the root is ignored, as xml.Unmarshal does.
		i := strings.IndexByte(p.rest, '<')
		if i < 0 {
			if root.name == "" {
				return root, errSyntax
			}
			return root, nil
		}
		p.rest = p.rest[i:]
		if skipped, err := p.skipMisc(); err != nil {
			return root, err
		} else if skipped {
			continue
		}
		if _, isCDATA, err := p.cdata(); err != nil {
			return root, err
		} else if isCDATA {
			continue
		}
		if root.name != "" {
			return root, errSyntax // a second root: a text closed the first one
		}
		if err := p.element(&root, 1); err != nil {
			return root, err
		}
	}
}

type parser struct {
	rest   string
	bounds bounds
}

// element reads an element, whose '<' is next, into e.
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
	if err := p.content(e, depth); err != nil {
		return err
	}
	return p.endTag(tag)
}

// content reads the text and the children of e up to its end tag.
func (p *parser) content(e *element, depth int) error {
	var text textBuilder
	for {
		i := strings.IndexByte(p.rest, '<')
		if i < 0 {
			return errSyntax
		}
		if err := text.addMarkup(p.rest[:i]); err != nil {
			return err
		}
		p.rest = p.rest[i:]
		switch p.second() {
		case '/':
			e.text = text.String()
			return nil
		case '!', '?':
			data, isCDATA, err := p.cdata()
			if err != nil {
				return err
			}
			if !isCDATA {
				return p.refuseMisc()
			}
			text.addCDATA(data)
		default:
			if err := p.child(e, depth+1); err != nil {
				return err
			}
		}
	}
}

// second returns the character after the '<' that is next, or 0.
func (p *parser) second() byte {
	if len(p.rest) < 2 {
		return 0
	}
	return p.rest[1]
}

// refuseMisc returns the error for a comment, a processing instruction or a DOCTYPE within an element.
func (p *parser) refuseMisc() error {
	if _, err := p.skipMisc(); err != nil {
		return err
	}
	return errComment
}

// child reads the next element as a child of e.
func (p *parser) child(e *element, depth int) error {
	if e.children == nil {
		e.children = make([]element, 0, 8) // enough for most pushes
	}
	e.children = append(e.children, element{})
	return p.element(&e.children[len(e.children)-1], depth)
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
		if !p.skipAttribute() {
			return "", false, errSyntax
		}
	}
}

// skipAttribute skips name="value" and reports whether it was next.
func (p *parser) skipAttribute() bool {
	name := p.name()
	p.space()
	if name == "" || !p.next("=") {
		return false
	}
	p.space()
	if p.rest == "" || (p.rest[0] != '"' && p.rest[0] != '\'') {
		return false
	}
	value, rest, found := strings.Cut(p.rest[1:], p.rest[:1])
	p.rest = rest
	return found && !strings.Contains(value, "<")
}

func (p *parser) endTag(name string) error {
	p.rest = p.rest[2:]
	if !p.next(name) {
		return errSyntax
	}
	p.space()
	if !p.next(">") {
		return errSyntax
	}
	return nil
}

// skipMisc skips a comment or a processing instruction, if one is next. A DOCTYPE is an error.
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
	for i < len(p.rest) && !endsName[p.rest[i]] {
		i++
	}
	name := p.rest[:i]
	p.rest = p.rest[i:]
	return name
}

// endsName has the characters that end a name.
var endsName = [256]bool{
	' ': true, '\t': true, '\r': true, '\n': true, '/': true, '>': true, '=': true, '<': true, '\'': true, '"': true, '&': true,
}

func (p *parser) space() { p.rest = trimBlanks(p.rest) }

// trimBlanks removes the white space of XML, which is also JSON's, from the start of s.
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

// localName returns name without its namespace prefix, as encoding/xml does.
func localName(name string) string {
	if prefix, local, found := strings.Cut(name, ":"); found && prefix != "" && local != "" {
		return local
	}
	return name
}

// textBuilder collects the character data of an element without the blanks outside CDATA at its ends. A text of one piece,
// which is usual, is not copied.
type textBuilder struct {
	first string
	rest  []byte // the whole text, once there is a second piece
	end   int    // length without the blanks outside CDATA at the end
	begun bool   // whether the text has begun: blanks outside CDATA before that are left out
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

// addCDATA adds the content of a CDATA section. Its blanks count.
func (b *textBuilder) addCDATA(data string) {
	b.add(clean(data))
	b.begun, b.end = true, b.len()
}

// addOutside adds character data outside CDATA. Its blanks count only between other text.
func (b *textBuilder) addOutside(s string) {
	if !b.begun {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
	}
	b.add(s)
	if text := strings.TrimRightFunc(s, unicode.IsSpace); text != "" {
		b.begun, b.end = true, b.len()-(len(s)-len(text))
	}
}

// addMarkup adds character data outside CDATA that may contain references.
func (b *textBuilder) addMarkup(s string) error {
	if !b.begun {
		s = trimBlanks(s) // usually all of it: the blanks between two elements
	}
	if s == "" {
		return nil
	}
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

// reference returns the text for a reference, given without & and ;.
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

// isText reports whether XML 1.0 allows r in a text (production 2, Char). A carriage return is not text: see clean.
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

// clean removes from s the characters that XML does not allow in a text, which users do type. Like every XML parser, it
// replaces line ends by \n. It returns a clean s without a copy.
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

// maxMended is the number of U+FFFD that mend writes.
const maxMended = 32

// mend returns s as UTF-8. It replaces each run of bytes that are not UTF-8 by one U+FFFD, and removes the runs after the
// first 32. So s grows by at most 64 bytes; with one U+FFFD for each byte it could triple.
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

// appendXML appends <name>…</name>, with the text in CDATA.
func appendXML(b []byte, e *element) []byte {
	b = append(b, '<')
	b = append(b, e.name...)
	b = append(b, '>')
	switch {
	case e.children != nil:
		for i := range e.children {
			b = appendXML(b, &e.children[i])
		}
	case e.number:
		b = append(b, e.text...)
	default:
		b = append(b, cdataOpen...)
		b = append(b, escapeCDATA(e.text)...)
		b = append(b, cdataClose...)
	}
	b = append(b, "</"...)
	b = append(b, e.name...)
	return append(b, '>')
}

// sizeXML returns the number of bytes that appendXML appends for es, without those of escapes.
func sizeXML(es []element) (size int) {
	for i := range es {
		e := &es[i]
		size += len("<></>"+cdataOpen+cdataClose) + 2*len(e.name) + len(e.text) + sizeXML(e.children)
	}
	return size
}

// escapeCDATA returns s for use in a CDATA section, which it cannot close: each `]]>` is split between two sections.
func escapeCDATA(s string) string {
	return strings.ReplaceAll(s, cdataClose, "]]"+cdataClose+cdataOpen+">")
}
