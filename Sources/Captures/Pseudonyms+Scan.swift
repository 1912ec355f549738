import Basics
import Glibc

extension Pseudonyms {
    /// What a text is.
    enum Kind: Sendable {
        /// What CUCM says in its own words: only names, addresses and numbers in it identify someone.
        case prose
        /// What someone entered: every word that is not a general one is replaced.
        case data
        /// The same, but numbers of fewer than five digits are phone models.
        case models
    }

    /// Replaces what is in a text.
    func scan(_ text: String, _ kind: Kind = .prose) -> String {
        var patch = Patch(Array(text.utf8))
        scan(&patch, patch.all, kind)
        return String(decoding: patch.bytes, as: UTF8.self)
    }

    func scan(_ patch: inout Patch, _ range: Range<Int>, _ kind: Kind) {
        var index = range.lowerBound
        while index < range.upperBound {
            if patch.isDone(index) {
                index += 1
                continue
            }
            index = step(&patch, index, range, kind)
        }
    }

    /// Replaces what starts here, if anything does, and returns where to continue.
    private func step(_ patch: inout Patch, _ index: Int, _ range: Range<Int>, _ kind: Kind) -> Int {
        let end = range.upperBound
        if let unit = unit(in: patch.bytes, at: index, before: end) {
            counts.names += 1
            patch.replace(index..<(index + unit.count), with: word(patch.bytes[index..<(index + unit.count)]))
            return index + unit.count
        }
        let byte = patch.bytes[index]
        if byte == UInt8(ascii: "&"), let next = entity(patch.bytes, index, end) { return next }
        guard byte.isWord || byte == UInt8(ascii: ":"), index == range.lowerBound || !patch.bytes[index - 1].isWord
        else {
            return index + 1
        }
        if let next = number(&patch, index, range) ?? address(&patch, index, range) { return next }
        guard byte.isWord else { return index + 1 }
        let run = index..<(patch.bytes[index..<end].firstIndex { !$0.isWord } ?? end)
        // What was replaced is not part of a word: base64 after a line end that JSON writes as \n.
        guard !run.contains(where: patch.isDone) else { return index + 1 }
        if isName(patch.bytes, run, end, kind) {
            counts.names += 1
            patch.replace(run, with: word(patch.bytes[run]))
            return run.upperBound
        }
        if kind != .prose { return run.upperBound }
        if let value = Self.nameValue(patch.bytes, after: run, before: end) {
            scan(&patch, value, .data)
            return value.upperBound
        }
        return index + 1
    }

    /// Whether a word identifies someone.
    private func isName(_ bytes: [UInt8], _ run: Range<Int>, _ end: Int, _ kind: Kind) -> Bool {
        guard run.count > 1 else { return false }
        let lower = bytes[run].map(\.lower)
        if wholeWords.contains(lower) { return true }
        let hasDigit = lower.contains(where: \.isDigit)
        switch kind {
        case .prose:
            // Session ids, tokens of forms; and what comes before the @ of an address.
            if run.count >= 20, hasDigit, lower.contains(where: \.isLetter) { return true }
            return run.upperBound + 1 < end && bytes[run.upperBound] == UInt8(ascii: "@")
                && bytes[run.upperBound + 1].isWord
                && !Vocabulary.contains(lower)
        case .data: return !Vocabulary.contains(lower)
        case .models:
            return !Vocabulary.contains(lower) && !(run.count < 5 && bytes[run].first?.isDigit == true)
        }
    }

    /// The types of a distinguished name, in lower case.
    private static let types: Set<[UInt8]> = Set(
        ["cn", "ou", "o", "l", "st", "c", "dc", "e", "emailaddress", "serialnumber", "sn", "title", "street", "uid"].map
        {
            Array($0.utf8)
        })

    /// Where the value of a type of a distinguished name is: `O=Example Ltd`, `o="Example`, `O = Example`.
    private static func nameValue(_ bytes: [UInt8], after run: Range<Int>, before end: Int) -> Range<Int>? {
        guard run.count <= 12, types.contains(bytes[run].map(\.lower)) else { return nil }
        // A single small letter is a type only within a name; elsewhere it is a variable.
        if run.count == 1, bytes[run.lowerBound] == bytes[run.lowerBound].lower {
            guard run.lowerBound > 0, Set(";,/".utf8).contains(bytes[run.lowerBound - 1]) else { return nil }
        }
        var start = run.upperBound
        while start < end, bytes[start] == 0x20 { start += 1 }
        guard start < end, bytes[start] == UInt8(ascii: "=") else { return nil }
        start += 1
        while start < end, bytes[start] == 0x20 { start += 1 }
        var stops = Set(";,/\n\r<&\\|".utf8)
        if start < end, bytes[start] == UInt8(ascii: "\"") {
            start += 1
            stops = Set("\"\n\r<&;".utf8)
        } else {
            stops.insert(UInt8(ascii: "\""))
        }
        let stop = bytes[start..<end].firstIndex(where: stops.contains) ?? end
        return start < stop ? start..<stop : nil
    }

    /// The values of distinguished names in a text.
    static func nameValues(in bytes: [UInt8]) -> [[UInt8]] {
        var values: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index].isLetter, index == 0 || !bytes[index - 1].isWord else {
                index += 1
                continue
            }
            let run = index..<(bytes[index...].firstIndex { !$0.isWord } ?? bytes.count)
            if let value = nameValue(bytes, after: run, before: bytes.count) { values.append(Array(bytes[value])) }
            index = run.upperBound
        }
        return values
    }

    /// `&amp;` and the like are not words.
    private func entity(_ bytes: [UInt8], _ index: Int, _ end: Int) -> Int? {
        let body = bytes[(index + 1)..<min(index + 10, end)]
        guard let semicolon = body.firstIndex(of: UInt8(ascii: ";")), semicolon > index + 1,
            body[..<semicolon].allSatisfy({ $0.isWord || $0 == UInt8(ascii: "#") })
        else { return nil }
        return semicolon + 1
    }

    // MARK: - Addresses

    private func address(_ patch: inout Patch, _ index: Int, _ range: Range<Int>) -> Int? {
        let dot = UInt8(ascii: ".")
        if patch.bytes[index].isDigit, index == range.lowerBound || patch.bytes[index - 1] != dot {
            let end = patch.bytes[index..<range.upperBound].firstIndex { !$0.isDigit && $0 != dot } ?? range.upperBound
            var text = patch.bytes[index..<end]
            if text.last == dot { text.removeLast() }
            // A version has its build after a dash.
            let isVersion =
                end + 1 < range.upperBound && patch.bytes[end] == UInt8(ascii: "-") && patch.bytes[end + 1].isDigit
            let isWord = end < range.upperBound && patch.bytes[end].isWord
            if !isVersion, !isWord, !text.indices.contains(where: patch.isDone), let new = address(Array(text)) {
                counts.addresses += 1
                patch.replace(index..<(index + new.count), with: new)
                return index + new.count
            }
        }
        return address6(&patch, index, range)
    }

    /// IPv6, whose digits are replaced group by group.
    private func address6(_ patch: inout Patch, _ index: Int, _ range: Range<Int>) -> Int? {
        let colon = UInt8(ascii: ":")
        let end = patch.bytes[index..<range.upperBound].firstIndex { !$0.isHex && $0 != colon } ?? range.upperBound
        let text = patch.bytes[index..<end]
        guard text.count(where: { $0 == colon }) >= 2, text.count <= 39 else { return nil }
        let plain = String(
            decoding: text.last == colon && !text.suffix(2).allSatisfy { $0 == colon } ? text.dropLast() : text,
            as: UTF8.self)
        var parsed = in6_addr()
        guard inet_pton(AF_INET6, plain, &parsed) == 1, plain != "::", plain != "::1" else { return nil }
        counts.addresses += 1
        var at = index
        for group in plain.utf8.split(separator: colon, omittingEmptySubsequences: false) {
            let place = at..<(at + group.count)
            if !place.isEmpty { patch.replace(place, with: hexWord(patch.bytes[place])) }
            at = place.upperBound + 1
        }
        patch.keep(index..<(index + plain.utf8.count))
        return index + plain.utf8.count
    }

    /// The false one of up to four hexadecimal digits: each group has one.
    private func hexWord(_ group: ArraySlice<UInt8>) -> [UInt8] {
        let number = number(Array("1ab5".utf8) + group.map(\.lower))
        return Array(number.suffix(group.count))
    }

    // MARK: - Numbers

    private func number(_ patch: inout Patch, _ index: Int, _ range: Range<Int>) -> Int? {
        if let next = pairs(&patch, index, range) { return next }
        var run = index..<(patch.bytes[index..<range.upperBound].firstIndex { !$0.isWord } ?? range.upperBound)
        let text = patch.bytes[run].map(\.lower)
        // SEP and a MAC address; 0x and a number; ADN and eight digits in the name of a token.
        for (mark, count) in [("sep", 12), ("0x", Self.shortestNumber), ("adn", 8)] where text.starts(with: mark.utf8) {
            let digits = text.dropFirst(mark.utf8.count)
            guard digits.allSatisfy(\.isHex), mark == "0x" ? digits.count >= count : digits.count == count else {
                continue
            }
            // Otherwise it would start another number.
            patch.keep(index..<(index + mark.utf8.count))
            run = (index + mark.utf8.count)..<run.upperBound
            return replace(&patch, run)
        }
        if text.count == 8, text.allSatisfy(\.isHex), index >= range.lowerBound + 5,
            patch.bytes[(index - 5)..<index].map(\.lower) == Array("capf-".utf8)
        {
            return replace(&patch, run)
        }
        guard text.count >= Self.shortestNumber, text.allSatisfy(\.isHex) else { return nil }
        return replace(&patch, run)
    }

    private func replace(_ patch: inout Patch, _ run: Range<Int>) -> Int {
        // A part of it has already been replaced.
        guard !run.contains(where: patch.isDone) else { return run.upperBound }
        counts.numbers += 1
        patch.replace(run, with: number(Array(patch.bytes[run])))
        return run.upperBound
    }

    /// `00:0B:4B:A0:AE:E1`: six or more pairs of digits.
    private func pairs(_ patch: inout Patch, _ index: Int, _ range: Range<Int>) -> Int? {
        func isPair(_ at: Int) -> Bool {
            at + 1 < range.upperBound && patch.bytes[at].isHex && patch.bytes[at + 1].isHex
                && (at + 2 == range.upperBound || !patch.bytes[at + 2].isWord)
        }
        guard isPair(index), index + 2 < range.upperBound else { return nil }
        let separator = patch.bytes[index + 2]
        guard [UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "-")].contains(separator) else { return nil }
        var places = [index]
        while patch.bytes.indices.contains(places[places.count - 1] + 2),
            places[places.count - 1] + 2 < range.upperBound, patch.bytes[places[places.count - 1] + 2] == separator,
            isPair(places[places.count - 1] + 3)
        {
            places.append(places[places.count - 1] + 3)
        }
        guard places.count >= 6 else { return nil }
        counts.numbers += 1
        let new = number(places.flatMap { [patch.bytes[$0], patch.bytes[$0 + 1]] })
        for (count, place) in places.enumerated() {
            patch.replace(place..<(place + 2), with: Array(new[(2 * count)...(2 * count + 1)]))
        }
        return places[places.count - 1] + 2
    }
}
