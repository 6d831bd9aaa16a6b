package wechat

import (
	"hash/fnv"
	"strconv"
)

// OneOf is a reply that is one of several. Which one it is follows from the push: its sender and its time. So a push that
// is delivered again gets the same reply again. Without replies it says nothing.
type OneOf []Reply

// Choose returns the reply to the push with the head to. It is nil if there are no replies.
func (r OneOf) Choose(to *Head) Reply {
	if len(r) == 0 {
		return nil
	}
	hash := fnv.New64a()
	hash.Write([]byte(to.FromUserName + " " + strconv.FormatInt(to.CreateTime, 10)))
	sum := hash.Sum64()
	return r[(sum^sum>>32)%uint64(len(r))]
}

func (r OneOf) elements(to *Head) []element {
	if chosen := r.Choose(to); chosen != nil {
		return chosen.elements(to)
	}
	return nil
}
