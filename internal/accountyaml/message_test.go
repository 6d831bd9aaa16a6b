package accountyaml_test

import "testing"

func TestMessagesRefused(t *testing.T) {
	t.Parallel()
	refused(t, required+"messages:\n  picture: a\n", `:5: "picture" is unknown in messages: use image, voice, video, location, link, file, other`)
	refused(t, required+"messages:\n  text: a\n", `:5: "text" is unknown in messages`)
	refused(t, required+"messages: [a]\n", `:4: messages must be made of lines "image: …", "voice: …"`)
	refused(t, required+"messages:\n  image:\n  voice: {ai: {base_url: 'https://example.com/v1', model: m}}\n  link: \"{nickname}\"\n",
		":5: image is empty: write its text|:6: ai answers a text|:7: link has {nickname}, which is no placeholder")
	refused(t, required+"messages:\n  image: {news: [{title: a, url: 'https://example.com/'}, {title: b, url: 'https://example.com/'}]}\n",
		":5: news in reply to a message has exactly one article")
	parse(t, required+"messages:\n  image: {transfer_customer_service: {}}\n  voice: {random: [a, {image: {file: a.jpg}}]}\n")
}
