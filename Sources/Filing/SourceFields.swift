import Events
import Intake
import Plan

/// Where the events of one source have what they are known by.
///
/// One thread, the writer's.
final class SourceFields {
    let isIDEnough: Bool
    @exclusivity(unchecked) var texts = TermTexts()
    /// By slot, the terms that want its value.
    @exclusivity(unchecked) private var termsOfSlot: [[Int]] = []
    private let memory = FieldTexts()

    /// - `slots`: of the terms of the rules; nil for those without a path.
    init(_ rules: FieldRules, slots: [UInt32?]) {
        isIDEnough = rules.isIDEnough ?? false
        var slots = slots[...]
        for term in rules.time { add(term, as: .time, slots.popFirst()) }
        let kinds: [([FieldRules.Choice], TermTexts.Kind)] = [
            (rules.name, .name), (rules.id, .identity), (rules.channel, .channel),
        ]
        for (choices, kind) in kinds {
            for choice in choices {
                texts.add(PlacedTerm(role: kind.choice, isOfEvent: false))
                for part in choice {
                    texts.add(PlacedTerm(role: kind.part, isOfEvent: false))
                    for term in part { add(term, as: kind.term, slots.popFirst()) }
                }
            }
        }
    }

    private func add(_ term: FieldRules.Term, as role: EventPlaces.Role, _ slot: UInt32??) {
        if let slot = slot?.map(Int.init) {
            while termsOfSlot.count <= slot { termsOfSlot.append([]) }
            termsOfSlot[slot].append(texts.terms.count)
        }
        texts.add(memory.term(term, as: role))
    }

    /// Takes the values of an event: for each term the first that has a text, or any that stands for one.
    func takeValues(_ event: WalkedEvent, _ walk: borrowing PlanWalk) {
        for at in 0..<walk.captureCount {
            let capture = walk.capture(at)
            let slot = Int(capture.slot)
            guard slot < termsOfSlot.count else { continue }
            for term in termsOfSlot[slot] where texts.values[term].isEmpty {
                let value = event.value(of: capture)
                let first = value[0]
                if first == UInt8(ascii: "n") { continue }
                let isText = first != UInt8(ascii: "{") && first != UInt8(ascii: "[")
                if isText || !texts.terms[term].text.isEmpty { texts.values[term] = value }
            }
        }
    }
}

/// The texts of a source's terms.
private final class FieldTexts {
    @exclusivity(unchecked) private var kept: [UnsafeMutableRawBufferPointer] = []

    deinit {
        for text in kept { text.deallocate() }
    }

    func term(_ term: FieldRules.Term, as role: EventPlaces.Role) -> PlacedTerm {
        var placed = PlacedTerm(role: role, isOfEvent: term.path != nil)
        if !term.text.isEmpty {
            let text = UnsafeMutableRawBufferPointer.allocate(
                byteCount: term.text.utf8.count,
                alignment: 1
            )
            text.copyBytes(from: term.text.utf8)
            kept.append(text)
            placed.text = UnsafeRawBufferPointer(text)
        }
        placed.unit =
            switch term.unit {
            case nil: .any
            case .seconds: .seconds
            case .milliseconds: .milliseconds
            case .microseconds: .microseconds
            case .nanoseconds: .nanoseconds
            }
        return placed
    }
}
