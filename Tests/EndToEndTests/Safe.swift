import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// Two machines: one at the cluster, without a token; and one with the tokens, without a network.
struct Safe {
    let office: Rehearsal
    /// The other machine: its own configuration and state, and the tokens.
    private let safe: Rehearsal
    /// Of the tokens, by label, as files.
    private(set) var certificates: [String: String] = [:]

    init(lab options: [String] = []) throws {
        office = try Rehearsal(options: options)
        safe = try Rehearsal(lab: false)
        try safe.addTokens()
        for label in Rehearsal.tokens + ["MOCK-1"] {
            let path = office.folder.file("\(label).cer")
            let exported = try safe.token("export", label, "--format", "der", "--output", path)
            guard exported.status == 0 else { throw ChildProcess.Failure(description: "export: \(exported)") }
            certificates[label] = path
        }
    }

    var folder: TemporaryFolder { office.folder }
    func file(_ name: String) -> String { office.folder.file(name) }
    var bridge: String { Programs.path("etoken-bridge") }
    var rightPIN: String { safe.rightPIN }

    /// Runs etoken-bridge where the cluster is: no token is known there.
    func atTheOffice(
        _ arguments: [String], input: String? = nil, environment: [String] = []
    ) throws -> Rehearsal.Result {
        try office.run(
            "/usr/bin/env", ["-u", "SOFTHSM2_CONF"] + environment + [bridge] + arguments, input: input)
    }

    /// Runs etoken-bridge where the tokens are: with no network at all, not even loopback.
    func inTheSafe(_ arguments: [String], environment: [String] = []) throws -> Rehearsal.Result {
        try safe.run(
            "/usr/bin/unshare", (geteuid() == 0 ? ["-n"] : ["-rn"]) + [bridge] + arguments, environment: environment)
    }

    func onTheSafesTerminal(_ arguments: [String], _ answers: [(String, String)]) throws -> (Int32, String) {
        try safe.onTerminal(arguments + safe.moduleOptions, answers)
    }

    /// The options of a change by both tokens, of which only the certificates are there.
    func absent(_ labels: [String] = Rehearsal.tokens, option: String = "--token-certificate") throws -> [String] {
        try labels.flatMap { [option, try #require(certificates[$0])] }
    }

    /// The options that accept their certificates.
    func accepting(_ labels: [String] = Rehearsal.tokens) throws -> [String] {
        try labels.flatMap { label in
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: #require(certificates[label]))))
            return [
                "--accept-absent-token", try Certificate(der: bytes).sha1.map { String(format: "%02x", $0) }.joined(),
            ]
        }
    }

    /// Saves a plan at the office.
    func plan(_ kind: String..., to plan: String, tokens: [String]? = nil) throws -> Rehearsal.Result {
        try atTheOffice(
            kind + ["--cluster", "lab", "--accept-stranded", "--phone-timeout", "30", "--plan", plan, "--output"]
                + [file("out")] + (tokens ?? absent()))
    }

    /// Signs a plan in the safe; the answer is next to it.
    func sign(_ plan: String, _ more: String...) throws -> Rehearsal.Result {
        try inTheSafe(
            ["migrate", "sign", plan, "--yes", "--pin-file", safe.rightPIN] + safe.moduleOptions + more)
    }

    func ctl(_ arguments: [String]) throws -> Rehearsal.Result {
        try inTheSafe(["ctl"] + arguments + ["--pin-file", safe.rightPIN] + safe.moduleOptions)
    }

    /// Runs a plan with its answer at the office.
    func run(
        _ plan: String, _ answer: String? = nil, input: String? = nil, _ more: [String]? = nil,
        environment: [String] = []
    ) throws -> Rehearsal.Result {
        try atTheOffice(
            ["migrate", "run", plan, "--signature", answer ?? plan + ".answer", "--yes", "--output", file("out")]
                + (more ?? accepting()), input: input, environment: environment)
    }

    func list(_ node: String = Rehearsal.subscriber) throws -> TrustListFile {
        try TrustListFile(decoding: #require(office.ctlFile(node)))
    }

    func code(_ result: Rehearsal.Result) throws -> String? {
        try (result.json()["error"] as? [String: Any])?["code"] as? String
    }
}
