package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/menu"
)

func menuKey() item { return key("#account", "menu") }

// MenuRecord implements menu.Store. It reads strongly consistently.
func (s *Store) MenuRecord(ctx context.Context) (menu.Record, error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      s.table,
		Key:            menuKey(),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return menu.Record{}, fmt.Errorf("read the menu's record: %w", err)
	}
	i := item(out.Item)
	return menu.Record{Hash: i.string("hash"), AskAgain: i.time("ask_again"), Errcode: int(i.int("errcode"))}, nil
}

// SaveMenuRecord implements menu.Store.
func (s *Store) SaveMenuRecord(ctx context.Context, r menu.Record) error {
	record := menuKey()
	record.setString("hash", r.Hash)
	record.setTime("ask_again", r.AskAgain)
	if r.Errcode != 0 {
		record["errcode"] = number(int64(r.Errcode))
	}
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: record}); err != nil {
		return fmt.Errorf("store the menu's record: %w", err)
	}
	return nil
}
