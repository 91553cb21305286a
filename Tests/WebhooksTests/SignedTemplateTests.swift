import Testing

@testable import Webhooks

@Suite struct SignedTemplateTests {
    @Test func hasPiecesInTheirOrder() throws {
        #expect(try SignedTemplate("{body}").pieces == [.body])
        #expect(
            try SignedTemplate("v0:{timestamp}:{id}{body}!").pieces
                == [
                    .literal(Array("v0:".utf8)), .timestamp, .literal([58]), .id, .body,
                    .literal([33]),
                ]
        )
    }

    @Test(arguments: [
        "", "x", "{timestamp}", "{body}{body}", "{Body}", "{body", "{}{body}", "{{body}}",
    ])
    func refusesWhatLeavesTheEventsOpen(text: String) {
        #expect(throws: WebhookSettingsError.self) { try SignedTemplate(text) }
    }
}
