package media

import "slices"

// A Record lists the permanent materials that were made from files. Of several with the same kind and name, the last one
// is the current one.
type Record []Material

// A Material is a file as the platform has it.
type Material struct {
	Kind    Kind   `json:"kind"`
	Name    string `json:"name"` // of the file
	Hash    string `json:"hash"` // of its content: SHA-256 in hexadecimal
	MediaID string `json:"media_id"`
}

// find returns the current material of a file.
func (r Record) find(kind Kind, name string) (Material, bool) {
	for _, m := range slices.Backward(r) {
		if m.Kind == kind && m.Name == name {
			return m, true
		}
	}
	return Material{}, false
}

// mediaID returns the media_id of the material with that content, "" if there is none.
func (r Record) mediaID(kind Kind, hash string) string {
	for _, m := range r {
		if m.Kind == kind && m.Hash == hash {
			return m.MediaID
		}
	}
	return ""
}

// with returns the record with m as the current material of its file.
func (r Record) with(m Material) Record {
	return append(slices.DeleteFunc(slices.Clone(r), func(old Material) bool { return old == m }), m)
}

// without returns the record without a media_id.
func (r Record) without(mediaID string) Record {
	return slices.DeleteFunc(slices.Clone(r), func(m Material) bool { return m.MediaID == mediaID })
}

// Missing returns the names of the used files that are not published, each once.
func (r Record) Missing(uses []Use) []string {
	var names []string
	for _, u := range uses {
		if _, ok := r.find(u.Kind, u.Name); !ok && !slices.Contains(names, u.Name) {
			names = append(names, u.Name)
		}
	}
	return names
}

// unused returns the materials that no use needs, each media_id once.
func (r Record) unused(uses []Use) Record {
	seen := map[string]bool{}
	for _, u := range uses {
		if m, ok := r.find(u.Kind, u.Name); ok {
			seen[m.MediaID] = true
		}
	}
	var rest Record
	for _, m := range r {
		if !seen[m.MediaID] {
			seen[m.MediaID] = true
			rest = append(rest, m)
		}
	}
	return rest
}
