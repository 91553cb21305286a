import Compression
import Testing

@Suite struct EngineChoiceTests {
    @Test func autoTakesISALWhereItHasTheLevel() throws {
        for level in 1...3 { #expect(try EngineChoice.auto.engine(forLevel: level) == .isal) }
        for level in 4...9 { #expect(try EngineChoice.auto.engine(forLevel: level) == .zlib) }
        for level in 1...9 { #expect(try EngineChoice.zlib.engine(forLevel: level) == .zlib) }
    }

    @Test(arguments: [
        (EngineChoice.isal, 4), (.isal, 0), (.zlib, 0), (.zlib, 10), (.auto, -1), (.auto, 10),
    ])
    func refusesLevelsTheEngineLacks(choice: EngineChoice, level: Int) {
        #expect(throws: CompressionError.self) { try choice.engine(forLevel: level) }
    }

    @Test func theErrorNamesLevelAndEngine() {
        let error = CompressionError.unsupportedLevel(level: 6, engine: .isal)
        #expect(
            "\(error)" == "compression level 6 is not one of engine 'isal', which has 1 to 3"
        )
    }
}
