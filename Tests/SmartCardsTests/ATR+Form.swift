import SmartCards

extension ATR {
    /// Whether it conforms to the standard: as long as its first bytes say, and with a correct check byte if one is
    /// required. Otherwise it was damaged in transit.
    var isWellFormed: Bool {
        guard bytes.count >= 2, bytes.count <= 33, bytes[0] == 0x3b || bytes[0] == 0x3f else { return false }
        var next = 2
        var present = bytes[1] >> 4
        var hasCheckByte = false
        while true {
            // Of TA, TB, TC and TD those whose bits are set; TD describes the next four.
            next += (present & 7).nonzeroBitCount
            guard present & 8 != 0 else { break }
            guard next < bytes.count else { return false }
            present = bytes[next] >> 4
            // A check byte follows unless only T=0 is offered.
            if bytes[next] & 0x0f != 0 { hasCheckByte = true }
            next += 1
        }
        let length = next + Int(bytes[1] & 0x0f) + (hasCheckByte ? 1 : 0)
        guard bytes.count == length else { return false }
        return !hasCheckByte || bytes.dropFirst().reduce(0, ^) == 0
    }
}
