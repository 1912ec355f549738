import Messages
import SmartCards
import Tokens

/// What the smart card service knows about the readers that tokens are in. Empty if there is no service: the tokens of
/// some modules are in no reader.
struct ReaderView {
    let readers: [Reader]

    /// The current readers.
    static func now() -> ReaderView {
        ReaderView(readers: (try? SmartCardService().readers()) ?? [])
    }

    /// The reader that a token is in: modules name a slot as the service names the reader.
    func reader(of info: TokenInfo) -> Reader? { reader(inSlot: info.slotDescription) }

    func reader(inSlot description: String) -> Reader? {
        readers.first { $0.isSlot(description) }
    }

    /// A sentence for each card in a reader that is not one of the tokens: no module reads it.
    func unread(beside tokens: [TokenInfo]) -> [String] {
        let read = Set(tokens.compactMap { reader(of: $0)?.name })
        return readers.filter { $0.hasCard && !read.contains($0.name) }.map { reader in
            let card = reader.atr.flatMap(KnownCard.with)?.name ?? localized("a card").localized
            return localized("Reader \(reader.name) holds \(card), which no module reads: see etoken-bridge doctor.")
                .localized
        }
    }
}

/// A reader and its card as JSON.
struct ReaderDocument: Encodable {
    let name: String
    let atr: String?
    /// What is known about the card from its answer to reset.
    let card: String?

    init(_ reader: Reader) {
        name = reader.name
        atr = reader.atr?.description
        card = reader.atr.flatMap(KnownCard.with)?.name
    }

    /// Lines of `token show`.
    var lines: String {
        (atr.map { localized("ATR           \($0)").localized + "\n" } ?? "")
            + localized("Card          \(card ?? localized("not known by its ATR").localized)").localized
    }
}
