import Basics

/// False names for true ones: always the same one for a name, of the same length, with a letter for a letter and a digit
/// for a digit. They are random and are not stored anywhere, so that nothing leads back from a capture.
final class Pseudonyms {
    /// What was replaced, for the table that the user is shown.
    struct Counts {
        var names = 0, addresses = 0, numbers = 0
    }

    /// Host names, user names: replaced wherever they occur, also inside words.
    private(set) var units: Set<[UInt8]> = []
    /// The same by their first three letters, the longest first.
    private var unitsByStart: [[UInt8]: [[UInt8]]] = [:]
    /// Replaced where they are a whole word.
    private(set) var wholeWords: Set<[UInt8]> = []
    private var words: [[UInt8]: [UInt8]] = [:]
    private var falseWords: Set<[UInt8]> = []
    /// By their digits without leading zeros.
    private var numbers: [[UInt8]: [UInt8]] = [:]
    /// Numbers that follow from something else, by all of their digits.
    private var exactNumbers: [[UInt8]: [UInt8]] = [:]
    private var addresses: [[UInt8]: [UInt8]] = [:]
    private var falseAddresses: Set<[UInt8]> = []
    var counts = Counts()
    /// The names that stay because they are general words.
    private(set) var kept: Set<String> = []

    static let shortestUnit = 4
    /// A number has at least this many hexadecimal digits; one with fewer identifies nobody.
    static let shortestNumber = 12

    // MARK: - Learning

    /// A host name, by its labels; an address is replaced anyway.
    func learn(host name: String) {
        let labels = name.lowercased().split(separator: ".").map { Array($0.utf8) }
        guard !labels.isEmpty, !name.contains(":"), !labels.allSatisfy({ $0.allSatisfy(\.isDigit) }) else { return }
        for (index, label) in labels.enumerated() {
            // The last label is a top-level domain, unless it is a name of its own.
            if index > 0, index == labels.count - 1, label.count < Self.shortestUnit { continue }
            learn(unit: label)
        }
    }

    func learn(user name: String) { learn(unit: Array(name.lowercased().utf8)) }

    private func learn(unit: [UInt8]) {
        guard unit.count > 1, !unit.allSatisfy(\.isDigit) else { return }
        guard !Vocabulary.contains(unit) else {
            kept.insert(String(decoding: unit, as: UTF8.self))
            return
        }
        guard unit.count >= Self.shortestUnit else {
            wholeWords.insert(unit)
            return
        }
        guard units.insert(unit).inserted else { return }
        unitsByStart[Array(unit.prefix(3)), default: []].append(unit)
        unitsByStart[Array(unit.prefix(3))]?.sort { $0.count > $1.count }
    }

    /// The words of a name in a certificate.
    func learn(name text: some Sequence<UInt8>) {
        for word in Array(text).split(whereSeparator: { !$0.isWord }) {
            let word = word.map(\.lower)
            guard word.count >= Self.shortestUnit, word.contains(where: { !$0.isDigit }), !Vocabulary.contains(word)
            else { continue }
            wholeWords.insert(word)
        }
    }

    /// The words of tables that were replaced by now and cannot be CUCM's own, because of a digit or a letter beyond ASCII:
    /// from now on replaced wherever they are a whole word.
    func learnReplacedWords() {
        wholeWords.formUnion(
            words.keys.filter { word in
                word.count >= Self.shortestUnit && word.contains { !$0.isDigit }
                    && word.contains { $0.isDigit || $0 >= 0x80 } && !falseWords.contains(word)
            })
    }

    /// A number whose replacement follows from something else: a checksum, a key.
    func learn(_ number: [UInt8], is other: [UInt8]) {
        let (from, to) = (Array(number.hex.utf8), Array(other.hex.utf8))
        if from.count == to.count { exactNumbers[from] = to }
    }

    /// The longest unit that starts here.
    func unit(in bytes: [UInt8], at start: Int, before end: Int) -> [UInt8]? {
        guard start + 3 <= end else { return nil }
        let head = [bytes[start].lower, bytes[start + 1].lower, bytes[start + 2].lower]
        return unitsByStart[head]?.first { unit in
            start + unit.count <= end && unit.indices.allSatisfy { bytes[start + $0].lower == unit[$0] }
        }
    }

    // MARK: - False names

    /// The replacement of a word, in the same case.
    func word(_ original: ArraySlice<UInt8>) -> [UInt8] {
        let key = original.map(\.lower)
        let new = words[key] ?? newWord(key)
        words[key] = new
        return zip(original, new).map { old, new in old != old.lower ? new.upper : new }
    }

    private func newWord(_ key: [UInt8]) -> [UInt8] {
        var new = key
        for _ in 0..<200 {
            new = Self.scrambled(key)
            // A word of one or two letters leaves no choice.
            guard key.count > 2 else { break }
            if new != key, !falseWords.contains(new), !units.contains(new), !wholeWords.contains(new),
                !Vocabulary.contains(new)
            {
                break
            }
        }
        falseWords.insert(new)
        return new
    }

    private static func scrambled(_ word: [UInt8]) -> [UInt8] {
        var new = word
        for index in word.indices {
            let byte = word[index]
            if byte.isLetter {
                new[index] = UInt8.random(in: 0x61...0x7A)
            } else if byte.isDigit {
                let isFirst = index == 0 || !word[index - 1].isDigit
                new[index] = isFirst && byte != 0x30 ? UInt8.random(in: 0x31...0x39) : UInt8.random(in: 0x30...0x39)
            } else if (0x80..<0xC0).contains(byte), index + 1 == word.count || word[index + 1] & 0xC0 != 0x80 {
                // The last byte of a character beyond ASCII: any is possible there.
                new[index] = UInt8.random(in: 0x80...0xBF)
            }
        }
        return new
    }

    /// The replacement of a number in hexadecimal digits. Its first digit stays, so that it keeps its length and sign.
    func number(_ original: [UInt8]) -> [UInt8] {
        let isUpper = original.contains { (0x41...0x46).contains($0) }
        func inCase(_ digits: [UInt8]) -> [UInt8] { isUpper ? digits.map(\.upper) : digits }
        if let exact = exactNumbers[original.map(\.lower)] { return inCase(exact) }
        let zeros = original.prefix { $0 == 0x30 }.count
        let key = original.dropFirst(zeros).map(\.lower)
        guard !key.isEmpty else { return original }
        let new = numbers[key] ?? Self.newNumber(key)
        numbers[key] = new
        return original.prefix(zeros) + inCase(new)
    }

    /// The same for bytes.
    func bytes(_ original: [UInt8]) -> [UInt8] {
        [UInt8](hex: String(decoding: number(Array(original.hex.utf8)), as: UTF8.self)) ?? original
    }

    private static func newNumber(_ key: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let isDecimal = key.allSatisfy(\.isDigit)
        return key.prefix(1) + key.dropFirst().map { _ in digits[Int.random(in: 0..<(isDecimal ? 10 : 16))] }
    }

    /// The replacement of an IPv4 address in dotted form, with as many digits; nil if the text is not an address that
    /// identifies someone.
    func address(_ original: [UInt8]) -> [UInt8]? {
        let parts = original.split(separator: 0x2E, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.count <= 3 ? Int(String(decoding: $0, as: UTF8.self)) : nil }
        guard parts.count == 4, numbers.count == 4, numbers.allSatisfy({ $0 < 256 }) else { return nil }
        // No address, all hosts, masks, and this host.
        guard numbers[0] != 0, numbers[0] != 255, numbers != [127, 0, 0, 1] else { return nil }
        if let known = addresses[original] { return known }
        var new: [UInt8] = []
        for _ in 0..<200 {
            let octets = zip(parts, [(1, 223), (0, 255), (0, 255), (1, 254)]).map { part, limits in
                switch part.count {
                case 1: Int.random(in: max(1, limits.0)...9)
                case 2: Int.random(in: 10...99)
                default: Int.random(in: 100...limits.1)
                }
            }
            new = Array(octets.map(String.init).joined(separator: ".").utf8)
            if new != original, addresses[new] == nil, !falseAddresses.contains(new) { break }
        }
        falseAddresses.insert(new)
        addresses[original] = new
        return new
    }

    /// The same for four bytes.
    func address(bytes: [UInt8]) -> [UInt8] {
        let text = Array(bytes.map(String.init).joined(separator: ".").utf8)
        guard bytes.count == 4, let new = address(text) else { return bytes }
        return new.split(separator: 0x2E).compactMap { UInt8(String(decoding: $0, as: UTF8.self)) }
    }

    // MARK: - What must not be left

    /// A true name, address or number that is in these bytes; nil if none is.
    func leak(in bytes: [UInt8]) -> String? {
        for index in bytes.indices {
            if let unit = unit(in: bytes, at: index, before: bytes.count) {
                return String(decoding: unit, as: UTF8.self)
            }
            guard index == 0 || !bytes[index - 1].isWord else { continue }
            let word = bytes[index...].prefix { $0.isWord }
            let lower = word.map(\.lower)
            if wholeWords.contains(lower), !falseWords.contains(lower) { return String(decoding: word, as: UTF8.self) }
            let digits = lower.starts(with: "sep".utf8) ? lower.dropFirst(3) : lower[...]
            if digits.count >= Self.shortestNumber, digits.allSatisfy(\.isHex) {
                let key = Array(digits.drop { $0 == 0x30 })
                if exactNumbers[Array(digits)] != nil { return String(decoding: word, as: UTF8.self) }
                if let new = numbers[key], new != key { return String(decoding: word, as: UTF8.self) }
            }
            if word.first?.isDigit == true, index == 0 || bytes[index - 1] != 0x2E {
                var text = Array(bytes[index...].prefix { $0.isDigit || $0 == 0x2E })
                // The end of a sentence.
                if text.last == 0x2E { text.removeLast() }
                if addresses[text] != nil, !falseAddresses.contains(text) {
                    return String(decoding: text, as: UTF8.self)
                }
            }
        }
        return nil
    }
}
