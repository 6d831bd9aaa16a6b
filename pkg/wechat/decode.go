package wechat

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// decode sets the fields of the struct that v points to from e's children. A field takes the child of its own name or,
// with a tag `wechat:"Name"`, of that name: "A>B" is the B in A, and "A,B" is A or, if there is none, B. An embedded
// struct's fields are the struct's own.
//
// What repeats counts as one: a slice takes all elements at the end of its path, in their order, through each of several A.
// A struct is set from all elements of its name, and a text or a number is the last.
//
// Blanks around CDATA never count: the platform's samples have them. Blanks in CDATA, or in a JSON string, count if the tag
// ends in ",verbatim". Such a text is what a user typed, or a value that the account chose and now compares with its own: a
// key, a scene, a channel, a number of an order. All other texts are the platform's own names, ids and words, which begin
// and end without a blank, so blanks around them are cut wherever they are.
//
// A number that is missing, not a number or too large is 0; what has no field is ignored. The tag "-" leaves a field out.
func decode(e *element, v any) {
	s := reflect.ValueOf(v).Elem()
	planOf(s.Type()).decode([]*element{e}, s)
}

// plan is how the fields of a struct are set: what its tags say, read once.
type plan []fieldPlan

type fieldPlan struct {
	index    []int      // of the field in the struct, through the embedded ones
	paths    [][]string // to the element; the first one that leads to any
	verbatim bool
	typed    uint32 // which of the elements that users type are read: bit i is typed[i]
	fields   plan   // of the struct, where the field or its slice's element is one
}

var plans sync.Map // reflect.Type to plan

func planOf(t reflect.Type) plan {
	if p, found := plans.Load(t); found {
		return p.(plan)
	}
	var p plan
	for _, field := range reflect.VisibleFields(t) {
		tag := field.Tag.Get("wechat")
		if field.Anonymous || !field.IsExported() || tag == "-" {
			continue
		}
		names, verbatim := strings.CutSuffix(tag, ",verbatim")
		if names == "" {
			names = field.Name
		}
		f := fieldPlan{index: field.Index, verbatim: verbatim}
		for names := range strings.SplitSeq(names, ",") {
			path := strings.Split(names, ">")
			f.paths = append(f.paths, path)
			if i := slices.Index(typed, path[len(path)-1]); i >= 0 {
				f.typed |= 1 << i
			}
		}
		value := field.Type
		if value.Kind() == reflect.Slice {
			value = value.Elem()
		}
		if value.Kind() == reflect.Struct {
			f.fields = planOf(value)
			f.typed = f.fields.typed()
		}
		p = append(p, f)
	}
	plans.Store(t, p)
	return p
}

// typed is which of the elements that users type the fields read.
func (p plan) typed() (all uint32) {
	for i := range p {
		all |= p[i].typed
	}
	return all
}

// decode sets v from the children of all of es, which are one element, or those of one name.
func (p plan) decode(es []*element, v reflect.Value) {
	for i := range p {
		f := &p[i]
		field := v.FieldByIndex(f.index)
		for _, path := range f.paths {
			if f.decode(es, path, field) {
				break
			}
		}
	}
}

// decode sets v from what stands at path below es, and reports whether anything does.
func (f *fieldPlan) decode(es []*element, path []string, v reflect.Value) bool {
	last := len(path) - 1
	for _, name := range path[:last] {
		es = appendChildren(nil, es, name)
	}
	var room [4]*element
	found := appendChildren(room[:0], es, path[last])
	if len(found) == 0 {
		return false
	}
	if v.Kind() != reflect.Slice {
		f.decodeValue(found, v)
		return true
	}
	v.Grow(len(found))
	v.SetLen(len(found))
	for i := range found {
		f.decodeValue(found[i:i+1], v.Index(i))
	}
	return true
}

// decodeValue sets v from the elements of its name, one at least.
func (f *fieldPlan) decodeValue(es []*element, v reflect.Value) {
	if v.Kind() == reflect.Struct {
		f.fields.decode(es, v)
		return
	}
	text := es[len(es)-1].text
	if !f.verbatim {
		text = strings.TrimSpace(text)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int64:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.SetInt(n)
		}
	case reflect.Uint64:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			v.SetUint(n)
		}
	case reflect.Float64:
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			v.SetFloat(n)
		}
	default:
		panic("wechat: no decoding for a field of type " + v.Type().String())
	}
}
