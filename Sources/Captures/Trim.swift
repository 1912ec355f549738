/// Leaves out the rows of long tables: a few show their shape, and thousands of phones are nobody's business.
enum Trim {
    /// Rows that stay.
    static let limit = 40

    static func trimmed(_ original: Exchange) -> Exchange {
        switch original.source {
        case .ssh: return without(Array(SQLCells(original).rows.dropFirst(limit)), original)
        case .axl, .ris: return without(siblings(in: original.answer), original)
        default: return original
        }
    }

    private static func without(_ ranges: [Range<Int>], _ original: Exchange) -> Exchange {
        guard !ranges.isEmpty else { return original }
        var exchange = original
        exchange.rowsLeftOut = ranges.count
        exchange.answer = []
        var at = 0
        for range in ranges + [original.answer.count..<original.answer.count] {
            exchange.answer += original.answer[at..<max(at, range.lowerBound)]
            at = max(at, range.upperBound)
        }
        // The events count bytes.
        var start = 0
        exchange.events = original.events?.map { event in
            var event = event
            let place = start..<(start + event.bytes)
            start = place.upperBound
            event.bytes -= ranges.reduce(0) { $0 + $1.clamped(to: place).count }
            return event
        }
        return exchange
    }

    /// `row` and `item` elements beyond the limit, counted in the element that they are in.
    private static func siblings(in bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        /// Name, where it starts, how many rows were in it.
        var open: [(name: String, start: Int, rows: Int)] = []
        for tag in MarkupTags(bytes) {
            switch tag.kind {
            case .opening: open.append((tag.name, tag.range.lowerBound, 0))
            case .closing:
                guard let element = open.popLast(), ["row", "item"].contains(element.name),
                    let parent = open.indices.last
                else { continue }
                open[parent].rows += 1
                guard open[parent].rows > limit else { continue }
                // What is inside it goes with it.
                found.removeAll { $0.lowerBound > element.start }
                found.append(element.start..<tag.range.upperBound)
            case .other: break
            }
        }
        return found
    }
}
