package wechat

import "testing"

func BenchmarkParsePush(b *testing.B) {
	for name, body := range map[string]string{"text": text("今天几点开门?"), "location_select": event("location_select",
		"<EventKey><![CDATA[place]]></EventKey><SendLocationInfo><Location_X>23.1</Location_X><Location_Y>113.3</Location_Y>"+
			"<Scale>15</Scale><Label><![CDATA[somewhere]]></Label><Poiname/></SendLocationInfo>")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParsePush([]byte(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
