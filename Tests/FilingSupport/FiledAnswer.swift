package import Intake

/// An answer of a commit, as a committer posts it to a source.
package struct FiledAnswer: Equatable {
    package var place: Int
    package var peer: UInt16
    package var returnAddress: [UInt8]
    package var answer: Answer

    package init(place: Int, peer: UInt16, returnAddress: [UInt8], answer: Answer) {
        self.place = place
        self.peer = peer
        self.returnAddress = returnAddress
        self.answer = answer
    }

    /// Takes apart what a filing stage hands over with a commit.
    package static func read(_ bytes: [UInt8]) -> [FiledAnswer] {
        var answers: [FiledAnswer] = []
        bytes.withUnsafeBytes { bytes in
            var at = 0
            while at < bytes.count {
                let place = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                let size = bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                let end = at + 8 + Int(size)
                let posted = PostedAnswer(UnsafeRawBufferPointer(rebasing: bytes[(at + 8)..<end]))
                answers.append(
                    FiledAnswer(
                        place: Int(place),
                        peer: posted.peer,
                        returnAddress: Array(posted.returnAddress),
                        answer: posted.answer
                    )
                )
                at = end
            }
        }
        return answers
    }
}
