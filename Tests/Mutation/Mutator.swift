/// Changed inputs, the same for the same numbers: input `index` of a campaign depends on nothing else.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64, target: String, index: Int) {
        state = target.utf8.reduce(seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        _ = next()
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }

    /// What breaks parsers: ends of ranges, control characters, parts of paths, and very much of something.
    private static let pieces: [[UInt8]] =
        [
            "9223372036854775807", "-9223372036854775808", "18446744073709551615", "99999999999999999999", "1e300",
            "-1e300",
            "1e-300", "0", "-1", "2147483648", "65536", "NaN", "null", "true", "[]", "{}", "../../../../x",
            "/etc/passwd",
            "\u{1B}[2J\u{1B}]0;x\u{07}", "\u{9B}31m", "\u{202E}", "\u{FEFF}", "\r\n", "\n\n", "\t", "\"", "\\",
            "\\u0000", "<", "&lt;",
            "<![CDATA[", "-->", ",", ",,,,,,,,", ";", "=", "====", "|", "(", ")", ":", "::", ".",
            "-----BEGIN CERTIFICATE-----",
        ].map { Array($0.utf8) } + [
            [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF],
            [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            [UInt8](repeating: 0x41, count: 5000), [UInt8](repeating: 0x28, count: 2000),
            [UInt8](repeating: 0x5B, count: 3000),
            Array(String(repeating: "{\"a\":", count: 700).utf8), Array(String(repeating: "<a>", count: 1000).utf8),
        ]

    mutating func input(from seeds: [[UInt8]]) -> [UInt8] {
        var bytes = seeds[below(seeds.count)]
        for _ in 0...below(4) { change(&bytes, seeds) }
        return bytes.count > 1 << 20 ? Array(bytes.prefix(1 << 20)) : bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
        let place = below(bytes.count + 1)
        let length = below(min(64, bytes.count - place) + 1)
        switch below(11) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
        case 2: bytes.removeSubrange(place..<(place + length))
        case 3: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
        case 4: bytes = Array(bytes.prefix(place))
        case 5, 6: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: place)
        case 7: bytes.replaceSubrange(place..<(place + length), with: Self.pieces[below(Self.pieces.count)])
        case 8:
            // A number becomes another.
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
            let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
            bytes.replaceSubrange(start..<end, with: Self.pieces[below(11)])
        case 9:
            let other = seeds[below(seeds.count)]
            let from = below(other.count + 1)
            bytes = Array(bytes.prefix(place)) + other[from...]
        default:
            // A line becomes many.
            let start = bytes[..<place].lastIndex(of: 10).map { $0 + 1 } ?? 0
            let end = bytes[place...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            let line = bytes[start..<end]
            guard line.count < 500 else { return }
            bytes.insert(contentsOf: Array(repeating: line, count: 1 + below(200)).joined(), at: start)
        }
    }
}
