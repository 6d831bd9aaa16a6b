package wechat

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Decode sets the fields of the struct that v points to from the fields of the push. It is the way to read fields that are
// nested or repeated; for a single text, see [Raw.Field].
//
// A struct field reads the element of its own name or, with a tag `wechat:"Name"`, the element of that name. In a tag, A>B
// is the B within the A, and A,B is A or, if there is no A, B. The tag "-" leaves a field out. The fields of an embedded
// struct belong to the struct that embeds it.
//
// A field has the type string, int, int64, uint64, float64, a struct, or a slice of one of these. A slice takes all elements
// at the end of its path, in their order. If a text, a number or an element on the path is repeated, a text or a number
// takes the last one, and a struct is set from all. A number that is missing, malformed or too large is 0.
//
// Blanks around CDATA never count. Blanks within CDATA, or within a JSON string, are cut too, unless the tag ends in
// ",verbatim". A verbatim text is one that a user typed, or that the account chose and now compares with its own: a key, a
// scene, the number of an order.
//
// Decode panics if v is not a pointer to a struct, or if a field has another type. A struct must not contain itself.
func (r *Raw) Decode(v any) { decode(&r.root, v) }

// decode sets the struct that v points to from the children of e, as [Raw.Decode] describes.
func decode(e *element, v any) {
	s := reflect.ValueOf(v).Elem()
	planOf(s.Type()).decode([]*element{e}, s)
}

// decodeOwn sets the fields of p's own type, which follow those of its Head, from the children of e.
func decodeOwn(e *element, p Push) {
	s := reflect.ValueOf(p).Elem()
	planOf(s.Type())[headFields:].decode([]*element{e}, s)
}

var headFields = len(planOf(reflect.TypeFor[Head]()))

// plan describes how the fields of a struct are set. It holds what the tags say, so that they are parsed once.
type plan []fieldPlan

type fieldPlan struct {
	index    []int      // of the field in the struct, through the embedded structs
	paths    [][]string // alternatives, the first that leads to an element is read
	verbatim bool       // whether blanks at the ends of the text are kept
	typed    uint32     // the elements it reads that hold what users type: bit i for typed[i]
	fields   plan       // of the struct, if the field or its element is a struct
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
		p = append(p, newFieldPlan(field, tag))
	}
	plans.Store(t, p)
	return p
}

func newFieldPlan(field reflect.StructField, tag string) fieldPlan {
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
	switch value.Kind() {
	case reflect.Struct:
		f.fields = planOf(value)
		f.typed = f.fields.typed()
	case reflect.String, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
	default:
		panic("wechat: cannot decode into field " + field.Name + " of type " + field.Type.String())
	}
	return f
}

// typed returns the elements holding what users type that the fields read, as fieldPlan.typed does.
func (p plan) typed() (all uint32) {
	for i := range p {
		all |= p[i].typed
	}
	return all
}

// decode sets v from the children of all of es. These are one element, or the repetitions of one element.
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

// decode sets v from the elements at path below es and reports whether there are any.
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
	v.SetZero()
	v.Grow(len(found))
	v.SetLen(len(found))
	for i := range found {
		f.decodeValue(found[i:i+1], v.Index(i))
	}
	return true
}

// decodeValue sets v, which is no slice, from es, which has at least one element.
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
	case reflect.Int, reflect.Int64:
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
	}
}
