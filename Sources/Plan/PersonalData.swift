import Events

/// Tells what may be personal data: by the name of a member, or by what a value looks like.
package enum PersonalData {
    /// The longest e-mail address (RFC 5321), and longer than any other value that is recognised.
    private static let bytesMax = 254

    /// Names that personal data often has, without case and separators.
    static let names: Set<String> = [
        "email", "mail", "emailaddress", "phone", "phonenumber", "mobile", "firstname", "lastname",
        "fullname", "surname", "birthday", "birthdate", "dateofbirth", "ip", "ipaddress", "address",
        "street", "passport", "passportnumber", "ssn", "socialsecuritynumber", "taxid", "iban",
        "creditcard", "cardnumber", "driverslicense", "gender", "password",
    ]

    /// Whether personal data often has that name.
    static func isName(_ name: String) -> Bool { names.contains(PlanReview.folded(name)) }

    /// Whether a value is an e-mail address, an IP address or the number of a card.
    ///
    /// `value`: valid JSON, which goes on behind it.
    static func isValue(_ value: UnsafePointer<UInt8>) -> Bool {
        if value.pointee != UInt8(ascii: "\"") { return isNumberOfCard(value) }
        var count = 0
        while value[1 + count] != UInt8(ascii: "\"") {
            // No address has an escape.
            guard value[1 + count] != UInt8(ascii: "\\"), count < bytesMax else { return false }
            count += 1
        }
        let text = UnsafeBufferPointer(start: value + 1, count: count)
        return isMail(text) || isIPv4(text) || isIPv6(text) || isCard(text)
    }

    private static func isNumberOfCard(_ value: UnsafePointer<UInt8>) -> Bool {
        var count = 0
        while count <= 19, isDigit(value[count]) { count += 1 }
        let next = value[count]
        guard count >= 13, next != UInt8(ascii: "."), next | 0x20 != UInt8(ascii: "e") else {
            return false
        }
        return isCard(UnsafeBufferPointer(start: value, count: count))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private static func isMail(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let at = text.firstIndex(of: UInt8(ascii: "@")), at > 0, at <= 64 else {
            return false
        }
        guard text.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ",") }),
            !text[..<at].contains(UInt8(ascii: "/")), !text[..<at].contains(UInt8(ascii: ":"))
        else { return false }
        let domain = text[(at + 1)...]
        guard let last = domain.last, last != UInt8(ascii: "."),
            !domain.contains(UInt8(ascii: "@")),
            !domain.contains(UInt8(ascii: "/")), domain.first != UInt8(ascii: ".")
        else { return false }
        return domain.contains(UInt8(ascii: "."))
    }

    private static func isIPv4(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (7...15).contains(text.count) else { return false }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy(isDigit)
                    && part.reduce(0) { $0 * 10 + Int($1) - 48 } < 256
            }
    }

    /// Eight groups, or fewer with one `::`; so no time of day is one.
    private static func isIPv6(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (3...39).contains(text.count), text.contains(UInt8(ascii: ":")) else { return false }
        let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard groups.allSatisfy({ $0.count <= 4 && $0.allSatisfy(isHexadecimal) }) else {
            return false
        }
        let empty = groups.count(where: \.isEmpty)
        if empty == 0 { return groups.count == 8 }
        let isAtAnEnd = groups.first?.isEmpty == true || groups.last?.isEmpty == true
        return groups.count <= 8 && groups.count > empty && empty == (isAtAnEnd ? 2 : 1)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        let letter = byte | 0x20
        return isDigit(byte) || (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f"))
    }

    /// 13 to 19 digits, perhaps in groups, that begin as those of the large issuers do and whose check
    /// digit is right (ISO/IEC 7812-1).
    private static func isCard(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (13...23).contains(text.count), let first = text.first, isDigit(first) else {
            return false
        }
        var digits: [Int] = []
        for byte in text {
            if isDigit(byte) {
                digits.append(Int(byte) - 48)
            } else if byte != UInt8(ascii: " "), byte != UInt8(ascii: "-") {
                return false
            }
        }
        guard isIssued(digits) else { return false }
        var sum = 0
        for (at, digit) in digits.reversed().enumerated() {
            let doubled = at.isMultiple(of: 2) ? digit : digit * 2
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum.isMultiple(of: 10)
    }

    private static func isIssued(_ digits: [Int]) -> Bool {
        switch digits[0] {
        case 2: digits.count == 16 && (2...7).contains(digits[1])
        case 3: digits.count == 14 || digits.count == 15 || digits.count == 16
        case 4: digits.count == 13 || digits.count == 16 || digits.count == 19
        case 5: digits.count == 16 && (1...5).contains(digits[1])
        case 6: (16...19).contains(digits.count)
        default: false
        }
    }
}
