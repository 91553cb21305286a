import Testing

@testable import Webhooks

@Suite struct WebhookFieldsTests {
    private typealias Place = WebhookFields.Place

    @Test func placesAreReadFromText() {
        #expect(Place.member("event.uuid") == .path(["event", "uuid"]))
        #expect(Place.member("id") == .path(["id"]))
        #expect(Place.field("X-Id") == .header("x-id"))
    }

    @Test(arguments: WebhookPreset.allCases) func everyPresetNamesItsPlaces(preset: WebhookPreset) {
        #expect(!preset.fields.id.isEmpty && !preset.fields.name.isEmpty)
        #expect(preset.fields.time.isEmpty == (preset == .twilio))
    }

    /// Others give each of their events an id; these two are told apart by what is in them.
    @Test(arguments: WebhookPreset.allCases)
    func anIDIsEnoughWhereTheServiceHasOne(preset: WebhookPreset) {
        #expect(preset.fields.isIDEnough == ![.twilio, .postmark].contains(preset))
        #expect((preset.fields.id.count == 1) == preset.fields.isIDEnough)
    }

    @Test func whatIsConfiguredCountsBeforeThePreset() {
        var settings = WebhookSettings(
            path: "/a",
            preset: .twilio,
            signature: SignatureSettings(secrets: [])
        )
        #expect(settings.fields == WebhookPreset.twilio.fields)
        settings.ownFields.id = [[.member("a.b")]]
        settings.ownFields.time = [.member("t")]
        let fields = settings.fields
        #expect(fields.id == [[.path(["a", "b"])]] && fields.isIDEnough)
        #expect(fields.time == [.path(["t"])] && fields.name == WebhookPreset.twilio.fields.name)
    }

    @Test func aWebhookWithoutBothHasNoPlaces() {
        let settings = WebhookSettings(path: "/a", signature: SignatureSettings(secrets: []))
        #expect(settings.fields.isEmpty && !WebhookPreset.stripe.fields.isEmpty)
    }
}
