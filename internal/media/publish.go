package media

import (
	"context"
	"io/fs"
	"slices"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
)

// API is the platform's part. If the platform refuses a call, the error has its errcode (wechatapi.Error).
type API interface {
	// AddMaterial uploads a file as permanent material. Title and introduction are those of a video.
	AddMaterial(ctx context.Context, kind, name string, content []byte, title, introduction string) (mediaID string, err error)
	// DeleteMaterial deletes permanent material. It is no error if there is none with this media_id any longer.
	DeleteMaterial(ctx context.Context, mediaID string) error
	// MaterialCount returns how much permanent material of each kind the account has, the console's included.
	MaterialCount(ctx context.Context) (map[string]int, error)
}

// Publisher publishes the files that one account replies with. Two runs at the same time may upload a file twice.
type Publisher struct {
	API   API
	Store Store
	Files fs.FS // the folder account/media
}

// Summary lists the changes that a run made, or would make.
type Summary struct {
	Uploads []string `json:"uploads,omitempty"` // the files that are uploaded
	Unused  []string `json:"unused,omitempty"`  // the files whose material nothing uses any longer
	Removed bool     `json:"removed,omitempty"` // whether that material was deleted
}

// Plan returns the changes that Publish would make.
func (p *Publisher) Plan(ctx context.Context, uses []Use) (Summary, error) {
	s, _, err := p.run(ctx, uses, func(context.Context, Use, []byte) (string, error) { return "planned", nil },
		func(context.Context, Record) error { return nil })
	return s, err
}

// Publish uploads each used file whose content is not on the platform yet, once for each content. It saves the record
// after each upload: after a run that broke off, the next one does the rest. If remove is true, it also deletes the
// material that nothing uses any longer.
func (p *Publisher) Publish(ctx context.Context, uses []Use, remove bool) (Summary, error) {
	if err := p.checkRoom(ctx, uses); err != nil {
		return Summary{}, err
	}
	upload := func(ctx context.Context, u Use, content []byte) (string, error) {
		return p.API.AddMaterial(ctx, string(u.Kind), u.Name, content, u.Title, u.Introduction)
	}
	s, record, err := p.run(ctx, uses, upload, p.Store.SaveMediaRecord)
	if err != nil || !remove {
		return s, err
	}
	for _, m := range record.unused(uses) {
		if err := p.API.DeleteMaterial(ctx, m.MediaID); err != nil {
			return s, bilingual.Errorf("删除 %s 的素材：%w", "delete the material of %s: %w", m.Name, err)
		}
		record = record.without(m.MediaID)
		if err := p.Store.SaveMediaRecord(ctx, record); err != nil {
			return s, err
		}
		s.Removed = true
	}
	return s, nil
}

// run brings the record in line with the files, and returns it.
func (p *Publisher) run(
	ctx context.Context, uses []Use,
	upload func(context.Context, Use, []byte) (mediaID string, err error), save func(context.Context, Record) error,
) (s Summary, record Record, err error) {
	if err := Verify(p.Files, uses); err != nil {
		return s, nil, err
	}
	if record, err = p.Store.MediaRecord(ctx); err != nil {
		return s, nil, err
	}
	for _, u := range uses {
		content, err := fs.ReadFile(p.Files, u.Name)
		if err != nil {
			return s, record, err
		}
		m := Material{Kind: u.Kind, Name: u.Name, Hash: hashOf(content)}
		if m.MediaID = record.mediaID(m.Kind, m.Hash); m.MediaID == "" {
			if m.MediaID, err = upload(ctx, u, content); err != nil {
				return s, record, bilingual.Errorf("上传 %s：%w", "upload %s: %w", u.Name, err)
			}
			s.Uploads = append(s.Uploads, u.Name)
		} else if current, _ := record.find(m.Kind, m.Name); current == m {
			continue
		}
		record = record.with(m)
		if err := save(ctx, record); err != nil {
			return s, record, err
		}
	}
	for _, m := range record.unused(uses) {
		s.Unused = append(s.Unused, m.Name)
	}
	return s, record, nil
}

// checkRoom refuses uploads for which the account's library has no room.
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_addmaterial
func (p *Publisher) checkRoom(ctx context.Context, uses []Use) error {
	planned, err := p.Plan(ctx, uses)
	if err != nil || len(planned.Uploads) == 0 {
		return err
	}
	more := map[Kind]int{}
	for _, u := range uses {
		if slices.Contains(planned.Uploads, u.Name) {
			more[u.Kind]++
		}
	}
	count, err := p.API.MaterialCount(ctx)
	if errcode.Of(err) == errcode.NoQuota {
		return nil // a test account may ask ten times a day; the uploads themselves tell
	}
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if most := limits[kind].library; more[kind] > 0 && count[string(kind)]+more[kind] > most {
			return bilingual.Errorf("公众号的 %[2]s 类永久素材已有 %[1]d 个，上限是 %[3]d 个，放不下另外 %[4]d 个：在微信后台删除一些，或用 guanzhu publish --remove-unused 删除",
				"the account has %d permanent materials of the kind %s and can have %d: there is no room for %d more; "+
					"delete some in WeChat's console, or with guanzhu publish --remove-unused", count[string(kind)], kind, most, more[kind])
		}
	}
	return nil
}
