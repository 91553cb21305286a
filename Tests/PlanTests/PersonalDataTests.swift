import Testing

@testable import Plan

/// What a value must look like to be taken for personal data.
@Suite struct PersonalDataTests {
    private func isPersonal(_ json: String) -> Bool {
        Array((json + ",").utf8).withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map(PersonalData.isValue) ?? false
        }
    }

    @Test(arguments: [
        #""ana@shop.example""#, #""192.0.2.7""#, #""2001:db8::7""#, #""::1""#,
        #""2001:db8:0:0:0:0:0:7""#, #""4111 1111 1111 1111""#, #""5500-0000-0000-0004""#,
        "4111111111111111", #""378282246310005""#,
    ])
    func isFound(_ json: String) {
        #expect(isPersonal(json))
    }

    @Test(arguments: [
        #""""#, #""@shop""#, #""ana@shop""#, #""https://ana@shop.example/""#, #""a b@c.d""#,
        #""1.2.3""#, #""192.0.2.256""#, #""1.2.3.4.5""#, #""10:00:00""#, #""1:2:3:4:5:6:7""#,
        #""::1::""#, #""4111 1111 1111 1112""#, "4111111111111112", "4111111111111111.5",
        "1763805600000", #""2026-11-22T10:00:00Z""#, "true", "null", "41",
        #""33347852542""#,
    ])
    func isNotFound(_ json: String) {
        #expect(!isPersonal(json))
    }

    @Test func namesAreFoundHoweverTheyAreWritten() {
        #expect(PersonalData.isName("e_Mail") && PersonalData.isName("phone-number"))
        #expect(!PersonalData.isName("total"))
    }
}
