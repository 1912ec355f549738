import Basics

/// A picture of a phone's display: a BMP file with one bit for each dot.
enum PhoneDisplay {
    private static let (width, height) = (160, 96)

    static func bitmap(of screen: PhoneMenu.Screen) -> [UInt8] {
        var dots = [Bool](repeating: false, count: width * height)
        let lines = [screen.title] + screen.items
        for (row, line) in lines.enumerated() { draw(line, at: 2 + row * 8, in: &dots) }
        draw(screen.softKeys.joined(separator: "  "), at: height - 8, in: &dots)
        let rowLength = (width / 8 + 3) / 4 * 4
        func little(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(number >> (8 * $0) & 255) } }
        let start = 14 + 40 + 8
        var file = Array("BM".utf8) + little(start + rowLength * height, 4) + little(0, 4) + little(start, 4)
        file += little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(1, 2)
        file += [UInt8](repeating: 0, count: 24)
        file += [255, 255, 255, 0, 0, 0, 0, 0]
        // The lowest row comes first.
        for row in (0..<height).reversed() {
            var bytes = [UInt8](repeating: 0, count: rowLength)
            for column in 0..<width where dots[row * width + column] { bytes[column / 8] |= 0x80 >> UInt8(column % 8) }
            file += bytes
        }
        return file
    }

    private static func draw(_ text: String, at top: Int, in dots: inout [Bool]) {
        for (place, letter) in text.uppercased().enumerated() {
            let left = 2 + place * 4
            guard left + 3 < width, let shape = font[letter] else { continue }
            for dot in 0..<15 where shape >> (14 - dot) & 1 == 1 {
                dots[(top + dot / 3) * width + left + dot % 3] = true
            }
        }
    }

    /// Three dots wide and five high, row by row.
    private static let font: [Character: Int] = [
        "0": 0o75557, "1": 0o26227, "2": 0o71747, "3": 0o71717, "4": 0o55711, "5": 0o74717, "6": 0o74757, "7": 0o71111,
        "8": 0o75757, "9": 0o75717, "-": 0o00700, "A": 0o25755, "B": 0o65656, "C": 0o34443, "D": 0o65556, "E": 0o74647,
        "F": 0o74644, "G": 0o34553, "H": 0o55755, "I": 0o72227, "J": 0o11152, "K": 0o55655, "L": 0o44447, "M": 0o57755,
        "N": 0o65555, "O": 0o25552, "P": 0o65644, "Q": 0o25563, "R": 0o65655, "S": 0o34216, "T": 0o72222, "U": 0o55557,
        "V": 0o55552, "W": 0o55775, "X": 0o55255, "Y": 0o55222, "Z": 0o71247,
    ]
}
