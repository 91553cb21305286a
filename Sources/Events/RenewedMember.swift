/// Members beside `sentAt` that clients renew with each attempt, in events that are recognised by
/// other ids than `messageId`: they are no part of the content by which a copy is recognised.
package enum RenewedMember {
    private static let names: [StaticString] = ["stm", "sent_at"]

    /// Returns the first such member of an object, key and value; empty if it has none.
    package static func find(in object: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var members = TopLevelMembers(object)
        while let member = members.next() {
            guard
                names.contains(where: { name in
                    member.key.elementsEqual(
                        UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
                    )
                })
            else { continue }
            return UnsafeRawBufferPointer(rebasing: object[member.range])
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
