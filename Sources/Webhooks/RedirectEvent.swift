/// The event of somebody who follows a link.
package enum RedirectEvent {
    /// Returns the fields of the query as an object, without the signature.
    ///
    /// A dot in a name leads into an object. The event is `Link Clicked` if the query names none.
    package static func json(query: [UInt8]) throws(FormFault) -> [UInt8] {
        let form = try FormFields(query)
        let json = FormObject.json(form, nesting: true, without: ["s"])
        let isNamed = (0..<form.count).contains { at in
            let name = form.name(at).split(
                separator: UInt8(ascii: "."),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            return name.first.map { $0.elementsEqual("event".utf8) } ?? false
        }
        guard !isNamed else { return json }
        let rest = json.dropFirst()
        return Array("{\"event\":\"Link Clicked\"".utf8)
            + (rest.first == UInt8(ascii: "}") ? [] : [UInt8(ascii: ",")]) + rest
    }
}
