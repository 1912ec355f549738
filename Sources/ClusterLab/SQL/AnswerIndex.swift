import Synchronization

/// What queries over tables that do not change have returned, in its order and without a window of rows: a client that
/// reads a large table asks for one page after another, and each is a part of what was found and sorted for the first
/// one.
final class AnswerIndex: Sendable {
    private struct Entry {
        let query: [SQLToken]
        let answer: SQLDatabase.Answer
    }

    /// The latest one last.
    private let entries = Mutex<[Entry]>([])
    private static let most = 4

    func answer(
        to query: [SQLToken], _ make: () throws(SQLError) -> SQLDatabase.Answer
    ) throws(SQLError) -> SQLDatabase.Answer {
        if let known = entries.withLock({ $0.first { $0.query == query } }) { return known.answer }
        let answer = try make()
        entries.withLock { entries in
            entries.removeAll { $0.query == query }
            entries.append(Entry(query: query, answer: answer))
            if entries.count > Self.most { entries.removeFirst() }
        }
        return answer
    }
}
