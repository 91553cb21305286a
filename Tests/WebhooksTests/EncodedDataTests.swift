import Foundation
import Testing

@testable import Webhooks

@Suite struct EncodedDataTests {
    private func decode(_ text: String) throws -> String {
        String(decoding: try EncodedData.decode(Array(text.utf8)), as: UTF8.self)
    }

    @Test func takesJSONAsItIs() throws {
        #expect(try decode(#"{"a":1}"#) == #"{"a":1}"#)
        #expect(try decode(" \n[1]") == " \n[1]")
    }

    /// With both alphabets, with and without padding, and with blanks that were plus signs.
    @Test func takesBase64() throws {
        let json = #"{"a":"??>>~~ÿþ"}"#
        let usual = Data(json.utf8).base64EncodedString()
        #expect(usual.contains("+") && usual.contains("/"))
        let url = usual.replacing("+", with: "-").replacing("/", with: "_")
        for text in [usual, url, usual.replacing("+", with: " ")] {
            #expect(try decode(text) == json)
            #expect(try decode(text.replacing("=", with: "")) == json)
        }
        #expect(try EncodedData.decode(Array("H4sI".utf8)) == [0x1F, 0x8B, 0x08])
    }

    @Test func aPixelHasDataOrFields() throws {
        func payload(_ query: String) throws -> String {
            let form = try FormFields(Array(query.utf8))
            let payload = try EncodedData.payload(of: form, without: ["writeKey"])
            return String(decoding: payload, as: UTF8.self)
        }
        #expect(try payload("writeKey=k&data=eyJhIjoxfQ%3D%3D&x=1") == #"{"a":1}"#)
        #expect(try payload("writeKey=k&properties.a=1") == #"{"properties":{"a":"1"}}"#)
        #expect(try payload("data=1&data=2") == #"{"data":["1","2"]}"#)
        #expect(throws: FormFault.data) { try payload("data=1") }
    }

    @Test(arguments: ["", "a", "1", "MTI=", "%7B", "e30*", "e30==", "\"e30=\"", "bnVsbA=="])
    func refusesTheRest(text: String) {
        #expect(throws: FormFault.data) { try decode(text) }
    }
}
