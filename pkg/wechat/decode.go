package wechat

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// decode sets the fields of the struct that v points to from e's children. A field takes the child of its own name or,
// with a tag `wechat:"Name"`, of that name: "A>B" is the B in A, and "A,B" is A or, where there is none, B. An embedded
// struct's fields are the struct's own; a slice takes all elements of the name.
//
// Strings are trimmed (the platform's samples have blanks around CDATA) unless the tag ends in ",verbatim"; a number that
// is missing, not a number or too large is 0; what has no field is ignored. The tag "-" leaves a field out.
func decode(e *element, v any) {
	s := reflect.ValueOf(v).Elem()
	planOf(s.Type()).decode(e, s)
}

// plan is how the fields of a struct are set: what its tags say, read once.
type plan []fieldPlan

type fieldPlan struct {
	index    []int      // of the field in the struct, through the embedded ones
	paths    [][]string // to the element; the first one that leads to any
	verbatim bool
	fields   plan // of the struct, where the field or its slice's element is one
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
		for path := range strings.SplitSeq(names, ",") {
			f.paths = append(f.paths, strings.Split(path, ">"))
		}
		value := field.Type
		if value.Kind() == reflect.Slice {
			value = value.Elem()
		}
		if value.Kind() == reflect.Struct {
			f.fields = planOf(value)
		}
		p = append(p, f)
	}
	plans.Store(t, p)
	return p
}

func (p plan) decode(e *element, v reflect.Value) {
	for i := range p {
		f := &p[i]
		field := v.FieldByIndex(f.index)
		for _, path := range f.paths {
			if f.decode(e, path, field) {
				break
			}
		}
	}
}

// decode sets v from what stands at path below e, and reports whether anything does.
func (f *fieldPlan) decode(e *element, path []string, v reflect.Value) bool {
	for _, name := range path[:len(path)-1] {
		if e = e.child(name); e == nil {
			return false
		}
	}
	name := path[len(path)-1]
	if v.Kind() != reflect.Slice {
		child := e.child(name)
		if child == nil {
			return false
		}
		f.decodeValue(child, v)
		return true
	}
	for i := range e.children {
		if e.children[i].name == name {
			v.Grow(1)
			v.SetLen(v.Len() + 1)
			f.decodeValue(&e.children[i], v.Index(v.Len()-1))
		}
	}
	return v.Len() > 0
}

func (f *fieldPlan) decodeValue(e *element, v reflect.Value) {
	text := e.text
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
	case reflect.Struct:
		f.fields.decode(e, v)
	default:
		panic("wechat: no decoding for a field of type " + v.Type().String())
	}
}
