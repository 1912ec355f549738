import Glibc

/// A token for the virtual reader of vsmartcard-vpcd: to pcscd, and everything above it, a card like any other.
///
/// The card is a TCP client of the reader: connecting inserts it, closing the connection removes it. One thread serves
/// the reader and the control socket in turn.
public final class VirtualToken {
    private let logic: CardLogic
    private let reader: ReaderAddress
    private let control: ControlSocket
    private var connection: ReaderConnection?
    /// Reader messages that wait because the card hangs.
    private var unanswered: [[UInt8]] = []
    private var isHung = false
    private var trap: (effect: Order.Effect, moment: Order.Moment, kind: CommandKind)?
    private var commands = 0

    /// - Parameters:
    ///   - reader: where the virtual reader listens.
    ///   - control: path of the control socket to create; ``Order`` lists its commands.
    public init(
        _ personality: Personality, _ contents: TokenContents, pin: PIN, wrongPIN: WrongPINStatus = .plain,
        reader: ReaderAddress, control: String
    ) throws {
        let card: any Card =
            switch personality {
            case .cardos: CardOSCard(contents, pin: pin, wrongPIN: wrongPIN)
            case .piv: PIVCard(contents, pin: pin)
            case .safenet: SafeNetCard(pin: pin)
            }
        logic = CardLogic(card)
        self.reader = reader
        self.control = try ControlSocket(path: control)
    }

    /// Inserts the token and serves it until the reader goes away.
    ///
    /// - Throws: ``VirtualTokenError`` if the reader does not exist.
    public func run() throws {
        try insert()
        while true {
            var descriptors = [pollfd(fd: control.descriptor, events: Int16(POLLIN), revents: 0)]
            if let connection {
                descriptors.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&descriptors, nfds_t(descriptors.count), -1) >= 0 else {
                if errno == EINTR { continue }
                throw VirtualTokenError("poll: \(String(cString: strerror(errno)))")
            }
            if descriptors[0].revents != 0 { control.serve { try self.obey($0) } }
            guard descriptors.count > 1, descriptors[1].revents != 0, let connection,
                connection.descriptor == descriptors[1].fd
            else { continue }
            guard let message = connection.receive() else {
                throw VirtualTokenError("The reader at \(reader) went away.")
            }
            handle(message)
        }
    }

    private func obey(_ line: String) throws -> String {
        guard let order = Order(line) else { throw VirtualTokenError("unknown order: \(line)") }
        switch order {
        case .status: return status
        case .insert: try insert()
        case .pull: pull()
        case .hang: isHung = true
        case .resume: resume()
        case .trap(let effect, let moment, let kind): trap = (effect, moment, kind)
        }
        return "ok"
    }

    private var status: String {
        let pin = logic.card.pin
        let values: [(String, Int)] = [
            ("inserted", connection == nil ? 0 : 1), ("hung", isHung ? 1 : 0), ("tries", pin.triesLeft),
            ("maximum", pin.maximum), ("verify", pin.attempts), ("sign", logic.card.signatures),
            ("commands", commands), ("trap", trap == nil ? 0 : 1),
        ]
        return values.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }

    private func insert() throws {
        guard connection == nil else { return }
        logic.reset()
        connection = try ReaderConnection(reader)
    }

    private func pull() {
        connection = nil
        unanswered = []
        logic.reset()
    }

    private func resume() {
        isHung = false
        let waiting = unanswered
        unanswered = []
        for message in waiting { handle(message) }
    }

    private func handle(_ message: [UInt8]) {
        guard !isHung else {
            unanswered.append(message)
            return
        }
        guard message.count > 1 else {
            switch message.first {
            case 0, 1, 2: logic.reset()
            case 4: connection?.send(logic.card.atr)
            default: break
            }
            return
        }
        commands += 1
        let kind = logic.kind(of: message)
        if springs(.before, kind) {
            if isHung { unanswered.append(message) }
            return
        }
        let answer = logic.answer(message)
        if springs(.after, kind) { return }
        connection?.send(answer)
    }

    /// Whether the trap was set for this moment; it works once.
    private func springs(_ moment: Order.Moment, _ kind: CommandKind?) -> Bool {
        guard let trap, trap.moment == moment, trap.kind == kind else { return false }
        self.trap = nil
        switch trap.effect {
        case .pull: pull()
        case .hang: isHung = true
        }
        return true
    }
}
