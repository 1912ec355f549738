import Foundation
import ServerFixtures

/// A program that a test runs, and what came of it.
struct Program {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program with this input, and ends it when it takes too long.
    static func run(
        _ command: [String], input: String = "", timeout: Double = 60
    ) async throws -> Program {
        let command = ["timeout", "\(Int(timeout))"] + command
        // On a thread of its own: the tests' own threads are as few as the processors.
        let result = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try ChildProcess.end(of: command, input: input) })
            }
        }
        return Program(status: result.status, output: result.output, errors: result.errors)
    }

    /// What it printed, as JSON.
    func json() throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return try (value as? [String: Any]).required("no JSON object in \(output) \(errors)")
    }
}

struct Missing: Error, CustomStringConvertible {
    let description: String
}

extension Optional {
    func required(_ what: String) throws -> Wrapped {
        guard let self else { throw Missing(description: what) }
        return self
    }
}
