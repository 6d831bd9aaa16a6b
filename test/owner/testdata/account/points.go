package account

import "github.com/guanzhu/guanzhu/pkg/follower"

// Points are what a follower has collected.
type Points struct{ Total int }

var points = follower.Own[Points]("points")
