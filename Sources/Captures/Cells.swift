import Cluster
import Operations

/// A cell of a table, by its place in a response.
struct Cell: Hashable {
    var column: String
    /// Counted from 0.
    var row: Int
    var range: Range<Int>
}

/// The table that `run sql` prints, in the bytes of a terminal.
struct SQLCells {
    private(set) var cells: [Cell] = []
    /// The lines of the rows, line ends included.
    private(set) var rows: [Range<Int>] = []
    private let bytes: [UInt8]

    init(_ exchange: Exchange) {
        bytes = exchange.answer
        guard exchange.source == .ssh, exchange.question.hasPrefix("run sql") else { return }
        let lines = Self.lines(bytes)
        guard
            let rule = lines.firstIndex(where: { line in
                let text = bytes[line]
                return text.contains(UInt8(ascii: "=")) && text.allSatisfy { $0 == UInt8(ascii: "=") || $0.isBlank }
            }), rule > 0
        else { return }
        let columns = Self.columns(bytes[lines[rule]])
        let names = columns.map { Self.text(bytes, lines[rule - 1], $0) }
        for line in lines[(rule + 1)...] where !bytes[line].allSatisfy(\.isBlank) {
            // The prompt that follows.
            if bytes[line].firstRange(of: Array("admin:".utf8)) != nil { continue }
            for (index, column) in columns.enumerated() {
                let isLast = index == columns.count - 1
                guard let range = Self.range(bytes, line, column.lowerBound..<(isLast ? .max : column.upperBound))
                else { continue }
                cells.append(Cell(column: names[index], row: rows.count, range: range))
            }
            rows.append(line)
        }
    }

    func values(of columns: Set<String>) -> [String] {
        cells.filter { columns.contains($0.column) }.map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }

    private static func lines(_ bytes: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for index in bytes.indices where bytes[index] == 0x0A {
            lines.append(start..<(index + 1))
            start = index + 1
        }
        if start < bytes.count { lines.append(start..<bytes.count) }
        return lines
    }

    /// Places of the runs of `=`, in characters.
    private static func columns(_ rule: ArraySlice<UInt8>) -> [Range<Int>] {
        var columns: [Range<Int>] = []
        var start: Int?
        for (place, byte) in (Array(rule) + [0x20]).enumerated() {
            if byte == UInt8(ascii: "=") {
                start = start ?? place
            } else if let first = start {
                columns.append(first..<place)
                start = nil
            }
        }
        return columns
    }

    private static func text(_ bytes: [UInt8], _ line: Range<Int>, _ column: Range<Int>) -> String {
        range(bytes, line, column).map { String(decoding: bytes[$0], as: UTF8.self) } ?? ""
    }

    /// The bytes of the characters of a line in a column, without blanks at both ends; nil if there is nothing.
    private static func range(_ bytes: [UInt8], _ line: Range<Int>, _ column: Range<Int>) -> Range<Int>? {
        var places: [Int] = []
        var character = -1
        for index in line {
            // A byte that continues a character is in its column.
            if bytes[index] & 0xC0 != 0x80 { character += 1 }
            if column.contains(character) { places.append(index) }
        }
        guard let first = places.first(where: { !bytes[$0].isBlank }),
            let last = places.last(where: { !bytes[$0].isBlank })
        else { return nil }
        return first..<(last + 1)
    }
}

/// Values in XML: elements with nothing but text inside.
enum MarkupCells {
    static func cells(in bytes: [UInt8]) -> [Cell] {
        var cells: [Cell] = []
        var row = -1
        var open: (name: String, end: Int)?
        for tag in MarkupTags(bytes) {
            switch tag.kind {
            case .opening:
                if tag.name == "row" || tag.name == "item" { row += 1 }
                open = (tag.name, tag.range.upperBound)
            case .closing:
                if let open, open.end < tag.range.lowerBound {
                    cells.append(Cell(column: open.name, row: row, range: open.end..<tag.range.lowerBound))
                }
                open = nil
            case .other: open = nil
            }
        }
        return cells
    }

    static func values(in bytes: [UInt8], of columns: Set<String>) -> [String] {
        cells(in: bytes).filter { columns.contains($0.column) }.map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }
}

/// Columns and elements whose values identify nobody.
enum SafeColumns {
    private static let names: Set<String> = [
        // Tables.
        "enum", "tkmodel", "tkclass", "priority", "number", "service", "load", "paramname", "numplanindex",
        // RIS.
        "Model", "Product", "BoxProduct", "Httpd", "RegistrationAttempts", "IsCtiControllable", "Status",
        "StatusReason",
        "PerfMonObject", "DChannel", "H323Trunk", "TimeStamp", "Protocol", "NumOfLines", "ActiveLoadID",
        "InactiveLoadID",
        "DownloadStatus", "DownloadFailureReason", "DownloadServer", "DeviceClass", "ReturnCode", "NoChange",
        "TotalDevicesFound",
        "StateInfo", "IPAddrType", "Attribute", "faultcode", "axlcode", "axlMessage", "request",
        // Phones.
        "modelNumber", "versionID", "appLoadID", "bootLoadID", "MessageWaiting", "hardwareRevision",
        "keyExpansionModule1",
        "keyExpansionModule2", "Cisco", "softwareVersion",
    ]

    static func contains(_ column: String, _ query: String) -> Bool {
        names.contains(column) || (column == "paramvalue" && query.contains("ClusterSecurityMode"))
    }

    /// What a server says about a refused request, in its own words.
    static func isFault(_ column: String) -> Bool {
        ["faultstring", "faultcode", "axlmessage", "axlMessage", "axlcode", "message", "Text", "Value"].contains(column)
    }
}

/// Servers in `show network cluster`.
enum NetworkClusterLines {
    static func names(_ line: Substring) -> [String] { NetworkClusterLine(line)?.names ?? [] }
}

/// A command as a terminal echoes it, which may break its line anywhere.
enum Echo {
    static func replace(_ patch: inout Patch, _ command: String, with new: String) {
        let (old, new) = (Array(command.utf8).filter { !$0.isBlank }, Array(new.utf8).filter { !$0.isBlank })
        guard old.count == new.count, let first = old.first else { return }
        for start in patch.bytes.indices.prefix(4096) where patch.bytes[start] == first {
            var (places, index) = ([Int](), start)
            while index < patch.bytes.count, places.count < old.count {
                let byte = patch.bytes[index]
                if byte == old[places.count] {
                    places.append(index)
                } else if !byte.isBlank, byte != 0x08 {
                    break
                }
                index += 1
            }
            guard places.count == old.count else { continue }
            for (place, byte) in zip(places, new) { patch.replace(place..<(place + 1), with: [byte]) }
            return
        }
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
