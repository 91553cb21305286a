import Testing

@testable import Webhooks

@Suite struct WebhookFieldsTests {
    private typealias Place = WebhookFields.Place

    /// The places that have a value.
    private func lookup(_ values: [String: String]) -> (Place) -> String? {
        { place in
            switch place {
            case .path(let names): values[names.joined(separator: ".")]
            case .header(let name): values["header " + name]
            }
        }
    }

    @Test func placesAreReadFromText() {
        #expect(Place.member("event.uuid") == .path(["event", "uuid"]))
        #expect(Place.member("id") == .path(["id"]))
        #expect(Place.field("X-Id") == .header("x-id"))
    }

    @Test func aSinglePartIsTheIdentity() {
        let value = lookup(["id": "evt_1"])
        #expect(WebhookPreset.stripe.fields.identity(value) == "evt_1")
        #expect(WebhookPreset.stripe.fields.identity(lookup([:])) == nil)
        #expect(WebhookPreset.stripe.fields.identity(lookup(["id": ""])) == nil)
    }

    @Test func severalPartsHaveTheirLengths() {
        let fields = WebhookPreset.twilio.fields
        let sent = fields.identity(lookup(["MessageSid": "SM1", "MessageStatus": "sent"]))
        #expect(sent == "3:SM14:sent0:")
        let read = fields.identity(lookup(["MessageSid": "SM1", "MessageStatus": "read"]))
        #expect(read != sent)
        #expect(fields.identity(lookup(["CallSid": "CA1", "SequenceNumber": "2"])) == "3:CA10:1:2")
        #expect(fields.identity(lookup(["MessageStatus": "sent"])) == nil)
        let moved = [
            ["MessageSid": "a", "MessageStatus": "bc"], ["MessageSid": "ab", "MessageStatus": "c"],
        ]
        #expect(fields.identity(lookup(moved[0])) != fields.identity(lookup(moved[1])))
    }

    @Test func theFirstPlaceWithAValueDecides() {
        let fields = WebhookPreset.standard.fields
        let both = ["header webhook-id": "a", "header svix-id": "b"]
        #expect(fields.identity(lookup(both)) == "a")
        #expect(fields.identity(lookup(["header svix-id": "b"])) == "b")
        #expect(fields.timeText(lookup(["header svix-timestamp": "1"])) == "1")
        #expect(fields.timeText(lookup(["timestamp": "2", "header svix-timestamp": "1"])) == "2")
    }

    @Test func aNameHasItsPrefix() {
        var fields = WebhookPreset.shopify.fields
        #expect(
            fields.eventName(lookup(["header x-shopify-topic": "orders/create"])) == "orders/create"
        )
        fields.namePrefix = "shop."
        #expect(fields.eventName(lookup(["header x-shopify-topic": "x"])) == "shop.x")
        #expect(fields.eventName(lookup([:])) == nil)
    }

    @Test(arguments: WebhookPreset.allCases) func everyPresetNamesItsPlaces(preset: WebhookPreset) {
        #expect(!preset.fields.id.isEmpty && !preset.fields.name.isEmpty)
        #expect(preset.fields.time.isEmpty == (preset == .twilio))
    }

    /// Two openings of one message are two events; a repeat of one is the same.
    @Test func postmarkTellsOpeningsApart() {
        let fields = WebhookPreset.postmark.fields
        var open = ["MessageID": "m", "RecordType": "Open", "Recipient": "a@b", "ReceivedAt": "1"]
        let first = fields.identity(lookup(open))
        #expect(fields.identity(lookup(open)) == first)
        open["ReceivedAt"] = "2"
        #expect(fields.identity(lookup(open)) != first)
    }
}
