/// An element of DER, by its place in the bytes (X.690, section 8.1).
struct DERItem {
    let tag: UInt8
    /// Tag and length included.
    let range: Range<Int>
    let content: Range<Int>

    var isConstructed: Bool { tag & 0x20 != 0 }

    /// The element that starts here and ends before `end`; nil if there is none. Lengths of up to three bytes.
    init?(_ bytes: [UInt8], at start: Int, before end: Int) {
        guard start + 2 <= end, bytes[start] & 0x1F != 0x1F else { return nil }
        tag = bytes[start]
        var length = Int(bytes[start + 1])
        var place = start + 2
        if length > 0x80 {
            let count = length - 0x80
            guard count <= 3, place + count <= end else { return nil }
            length = bytes[place..<(place + count)].reduce(0) { $0 << 8 | Int($1) }
            place += count
        } else if length == 0x80 {
            return nil
        }
        guard place + length <= end else { return nil }
        content = place..<(place + length)
        range = start..<(place + length)
    }

    /// The elements inside; nil if the content does not consist of elements.
    func items(in bytes: [UInt8]) -> [DERItem]? {
        var items: [DERItem] = []
        var at = content.lowerBound
        while at < content.upperBound {
            guard let item = DERItem(bytes, at: at, before: content.upperBound) else { return nil }
            items.append(item)
            at = item.range.upperBound
        }
        return items
    }
}
