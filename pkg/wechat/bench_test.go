package wechat

import (
	"maps"
	"slices"
	"testing"
	"time"
)

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

// BenchmarkLargestBody reads bodies of 256 KiB, the most that the endpoint accepts, and of a quarter of that. times64KiB is
// how many times as long the whole takes, at best, as the quarter: about 4, because the work is linear.
func BenchmarkLargestBody(b *testing.B) {
	const largest = 256 << 10
	for _, shape := range slices.Sorted(maps.Keys(shapes(0))) {
		b.Run(shape, func(b *testing.B) {
			quarter, whole := bodyOf(shape, largest/4), bodyOf(shape, largest)
			ofQuarter, ofWhole := timeToRead(quarter), timeToRead(whole)
			b.SetBytes(int64(len(quarter) + len(whole)))
			for b.Loop() {
				ofQuarter = min(ofQuarter, timeToRead(quarter))
				ofWhole = min(ofWhole, timeToRead(whole))
			}
			b.ReportMetric(float64(ofWhole)/float64(ofQuarter), "times64KiB")
		})
	}
}

// bodyOf returns a body of that shape of about size bytes.
func bodyOf(shape string, size int) []byte {
	const some = 1000
	part := max(1, (len(shapes(some)[shape]())-len(shapes(0)[shape]()))/some)
	return []byte(shapes(size / part)[shape]())
}

func timeToRead(body []byte) time.Duration {
	begun := time.Now()
	_, _ = ReadEnvelope(body) // in case of an error, the time until then counts
	_, _ = ParsePush(body)
	return time.Since(begun)
}
