package main

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// explainFile returns what is wrong with a file and what to do, if err comes from the file system and has no text in Chinese.
// It returns other errors as they are, and nil for nil.
func explainFile(err error) error {
	failed, ok := errors.AsType[*fs.PathError](err)
	if !ok || as[bilingual.Error](err) {
		return err
	}
	for _, row := range fileErrors {
		if errors.Is(failed, row.is) {
			return bilingual.Format(row.text.ZH, row.text.EN, failed.Path)
		}
	}
	return err
}

// fileErrors are the errors of the file system that owners meet.
var fileErrors = []struct {
	is   error
	text bilingual.Text
}{
	{fs.ErrNotExist, bilingual.New("没有 %s：检查路径", "there is no %s: check the path")},
	{fs.ErrPermission, bilingual.New("没有权限使用 %s：修改它的权限，或者换一个", "the permissions of %s do not allow this: change them, or use another one")},
	{syscall.EISDIR, bilingual.New("%s 是文件夹：请给出文件", "%s is a folder: name a file")},
	{syscall.ENOTDIR, bilingual.New("%s 中有一级是文件，不是文件夹：检查路径", "in %s, what should be a folder is a file: check the path")},
	{syscall.EROFS, bilingual.New("%s 所在的磁盘只能读：换一个地方", "the disk of %s can only be read: use another place")},
	{syscall.ENOSPC, bilingual.New("磁盘满了，写不了 %s：腾出空间，或者换一个地方", "the disk is full, so %s cannot be written: free some space, or use another place")},
}
