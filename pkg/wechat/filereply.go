package wechat

import (
	"path"
	"strings"
)

// FileReply is a reply with a file of the folder account/media. The account's routes replace it by Reply with the media_id
// under which `guanzhu publish` has uploaded the file. As it is, it says nothing.
type FileReply struct {
	File  string // the file's name
	Reply Reply  // an ImageReply, VoiceReply, VideoReply or MusicReply without its media id; a MusicReply's file is its thumbnail
}

// ReplyWithFile returns the reply that shows the file: a picture, a sound or a video, by the end of its name.
func ReplyWithFile(name string) FileReply {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp3", ".wma", ".wav", ".amr":
		return FileReply{name, VoiceReply{}}
	case ".mp4":
		return FileReply{name, VideoReply{}}
	}
	return FileReply{name, ImageReply{}}
}

// With returns Reply with mediaID, nil if it is of a type that has none.
func (r FileReply) With(mediaID string) Reply {
	switch reply := r.Reply.(type) {
	case ImageReply:
		return ImageReply{MediaID: mediaID}
	case VoiceReply:
		return VoiceReply{MediaID: mediaID}
	case VideoReply:
		reply.MediaID = mediaID
		return reply
	case MusicReply:
		reply.ThumbMediaID = mediaID
		return reply
	}
	return nil
}

func (FileReply) elements(*Head) []element { return nil }
