import Basics

/// What all cards share: chained commands are joined, long responses are split.
final class CardLogic {
    let card: any Card
    private var chain: [UInt8] = []
    private var remainder: ArraySlice<UInt8> = []
    /// No command of any card here is longer, even joined.
    private static let longestChain = 4096

    init(_ card: any Card) { self.card = card }

    func reset() {
        chain = []
        remainder = []
        card.reset()
    }

    /// What kind of command this is, if it is the last part.
    func kind(of bytes: [UInt8]) -> CommandKind? {
        guard let command = Command(bytes), !command.isChained else { return nil }
        return card.kind(of: command)
    }

    func answer(_ bytes: [UInt8]) -> [UInt8] {
        guard var command = Command(bytes) else { return Response(status: .wrongLength).bytes }
        if command.ins == 0xc0 { return part(of: remainder, command.expected) }
        remainder = []
        if command.isChained {
            guard chain.count + command.data.count <= Self.longestChain else {
                chain = []
                return Response(status: .wrongLength).bytes
            }
            chain += command.data
            return Response().bytes
        }
        command.data = chain + command.data
        chain = []
        let response = card.answer(command)
        guard response.status == Status.done.rawValue, response.data.count > max(command.expected, 256) else {
            return response.bytes
        }
        return part(of: response.data[...], command.expected)
    }

    /// The next bytes of a long response, and 61xx if there are more (GET RESPONSE, ISO 7816-4, section 7.6.1).
    private func part(of data: ArraySlice<UInt8>, _ expected: Int) -> [UInt8] {
        guard !data.isEmpty else { return Response(status: .conditionsNotMet).bytes }
        let now = data.prefix(min(expected == 0 ? 256 : expected, 256))
        remainder = data.dropFirst(now.count)
        let status = remainder.isEmpty ? Status.done.rawValue : 0x6100 | UInt16(min(remainder.count, 256) & 0xff)
        return Array(now) + [UInt8](bigEndian: status)
    }
}
