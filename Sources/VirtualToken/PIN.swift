/// A card's PIN with its counter of wrong tries. The counter outlives the card's power, in a file.
public final class PIN {
    private var value: [UInt8]
    private let stateFile: String?
    /// How many wrong PINs in a row lock the card.
    public let maximum: Int
    /// How many wrong PINs the card still accepts.
    public private(set) var triesLeft: Int
    /// How often a PIN was tried since the program started, right or wrong.
    public private(set) var attempts = 0
    /// Whether the right PIN was entered since power-up.
    var isVerified = false

    /// - Parameter stateFile: contains the tries left, as text; created if it does not exist.
    public init(_ value: [UInt8], maximum: Int, stateFile: String? = nil) throws {
        guard !value.isEmpty, (1...15).contains(maximum) else {
            throw VirtualTokenError("A card has a PIN that is not empty, and 1 to 15 tries.")
        }
        (self.value, self.maximum, self.stateFile) = (value, maximum, stateFile)
        triesLeft = maximum
        if let stateFile, let bytes = SmallFile.read(stateFile) {
            let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            guard let stored = Int(text), (0...maximum).contains(stored) else {
                throw VirtualTokenError("\(stateFile) does not hold a number of tries from 0 to \(maximum).")
            }
            triesLeft = stored
        }
    }

    enum Outcome {
        case right, wrong, blocked
    }

    func verify(_ given: [UInt8]) -> Outcome {
        attempts += 1
        isVerified = false
        guard triesLeft > 0 else { return .blocked }
        // As with a real card: the try is used before the comparison, so that cutting the power gains nothing.
        store(triesLeft - 1)
        guard given == value else { return .wrong }
        store(maximum)
        isVerified = true
        return .right
    }

    /// Sets a new PIN in place of the current, verified one.
    func change(from old: [UInt8], to new: [UInt8]) -> Outcome {
        let outcome = verify(old)
        if outcome == .right { value = new }
        return outcome
    }

    private func store(_ tries: Int) {
        triesLeft = tries
        if let stateFile { SmallFile.write("\(tries)\n", to: stateFile) }
    }
}
