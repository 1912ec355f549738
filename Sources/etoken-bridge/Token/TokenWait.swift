import SmartCards
import ArgumentParser
import Basics
import Messages
import Tokens

struct TokenWait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: localized("Wait until tokens are inserted."),
        discussion: localized(
            """
            Each must be inserted once, in any order; with one USB port, one after another. Without a name any token \
            counts.

            Exit status: 0 when all have been seen, 2 when the time runs out, 10 after Control-C.

            Example:
              etoken-bridge token wait SAST-ADN0054f509 SAST-ADN008580ef --timeout 120
            """))

    @Argument(
        help: .localized("The tokens: labels, serial numbers, names of certificates, or PKCS#11 URIs (RFC 7512)."))
    var tokens: [String] = []

    @Flag(help: .localized("Wait until all are there at the same time."))
    var together = false

    @Option(help: .localized("Give up after this many seconds.", valueName: "seconds"))
    var timeout: Int?

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Seen: Encodable { let tokens: [Entry] }
    private struct Entry: Encodable {
        let name: String?
        let label, serialNumber, module: String
        let reader: ReaderDocument?
    }

    func validate() throws {
        if let timeout, !(0...1_000_000).contains(timeout) {
            throw ValidationError(localized("--timeout must be a number of seconds from 0 to 1000000."))
        }
        // Found now, not when the first token is inserted.
        do { _ = try names() } catch { throw ValidationError("\(error)") }
    }

    private func names() throws(TokenError) -> [TokenName] {
        try tokens.map { name throws(TokenError) in try TokenName(name) }
    }

    func run() throws {
        let names = try names()
        let watcher = try module.watcher(readsNames: names.contains { $0.uri == nil })
        SignalThread.start { watcher.cancel() }
        let deadline = Deadline(seconds: timeout)
        let wanted: [TokenName?] = names.isEmpty ? [nil] : names
        var seen: [Int: PresentToken] = [:]
        while true {
            let there = watcher.tokens
            if together { seen = [:] }
            for (index, name) in wanted.enumerated() where seen[index] == nil {
                guard let token = there.first(where: { name?.matches($0) ?? true }) else { continue }
                seen[index] = token
                if !common.json, !together { Terminal.out(Self.line(token)) }
            }
            if seen.count == wanted.count { break }
            let changes = watcher.changes(within: deadline.millisecondsLeft)
            for case .inserted(let token) in changes
            where !names.isEmpty && !names.contains(where: { $0.matches(token) }) {
                Terminal.note(localized("Token \(token.info.plainLabel) is not one of those that are waited for."))
            }
            guard !watcher.isCancelled, !(changes.isEmpty && deadline.hasPassed) else {
                throw missing(wanted.indices.filter { seen[$0] == nil }.map { wanted[$0]?.text }, watcher.isCancelled)
            }
        }
        let all = wanted.indices.compactMap { seen[$0] }
        if common.json {
            try Terminal.json(
                Seen(
                    tokens: zip(wanted, all).map { name, token in
                        Entry(
                            name: name?.text, label: token.info.plainLabel, serialNumber: token.info.serialNumber,
                            module: token.module, reader: token.reader.map { ReaderDocument($0) })
                    }))
        } else if together {
            for token in all { Terminal.out(Self.line(token)) }
        }
    }

    private static func line(_ token: PresentToken) -> String {
        localized(
            "\(token.info.plainLabel) (serial \(token.info.serialNumber)) in \(token.reader?.name ?? token.info.slotDescription)"
        ).localized
    }

    private func missing(_ names: [String?], _ isInterrupted: Bool) -> Failure {
        let list = names.compactMap(\.self).joined(separator: ", ")
        let what = list.isEmpty ? localized("no token was inserted") : localized("not inserted: \(list)")
        return isInterrupted
            ? Failure(Status.interrupted, localized("Interrupted; \(what)."))
            : Failure(
                Status.notThere, localized("Timed out after \(timeout ?? 0) s; \(what)."),
                next: localized("Insert it, or see what is wrong: etoken-bridge doctor"))
    }
}
