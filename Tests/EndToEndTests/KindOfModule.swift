import Foundation
import ServerFixtures

/// The kinds of modules and tokens that the program is used with. Each is set up in its own way, and then one token of it
/// has to do the same as all others: ``EveryKindOfModule``.
enum KindOfModule: String, CaseIterable {
    case softHSM, cardOS, piv, safeNetLike, remote, remoteCard, hardware

    /// Those of this machine: a real token must be named by its serial number (HardwareTests says how).
    static var present: [KindOfModule] { allCases.filter { $0 != .hardware || Hardware.serial != nil } }

    /// Those on which PINs may be tried and changed at will.
    static var ours: [KindOfModule] { allCases.filter { $0 != .hardware } }

    /// Cards that can be pulled and stopped at any point.
    static var cards: [KindOfModule] { [.cardOS, .piv, .remoteCard] }

    /// Those that sign: a real token only if its PIN is given.
    static var signing: [KindOfModule] { present.filter { $0 != .hardware || Hardware.pinFile != nil } }

    /// A real token, as in HardwareTests.
    enum Hardware {
        static let serial = variable("SERIAL")
        static let module = variable("MODULE")
        static let pinFile = variable("PIN_FILE")

        private static func variable(_ name: String) -> String? {
            ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_HARDWARE_\(name)"]
        }
    }

    /// A token of this kind.
    final class Bench {
        let rehearsal: Rehearsal
        /// Options that find its module.
        let options: [String]
        let pinFile: String
        /// Nil for a real one: what it is called is not known.
        let label: String?
        let certificateName: String?
        let serial: String?
        private let environment: [String]
        /// Wrong PINs that the token still accepts, as it counts itself; nil if it does not, or cannot be asked.
        private let count: () throws -> Int?
        /// What has to live as long.
        private let owners: [Any]
        /// The virtual cards; it is in the second reader.
        private(set) var cards: VirtualTokens?

        init(_ kind: KindOfModule) throws {
            let label = MockTokens.labels[1]
            switch kind {
            case .softHSM:
                rehearsal = try Rehearsal(lab: false)
                (options, environment, count, owners) = (rehearsal.moduleOptions, [], { nil }, [])
                (self.label, serial) = (label, nil)
            case .cardOS, .piv:
                let cards = try VirtualTokens(kinds: ["cardos", kind == .piv ? "piv" : "cardos"])
                rehearsal = try Rehearsal(cards: cards)
                (options, environment, owners) = (["--module", cards.module], [], [cards])
                self.cards = cards
                count = { try cards.status(1).tries }
                (self.label, serial) = (label, kind == .piv ? nil : "008580ef")
            case .safeNetLike:
                let rehearsal = try Rehearsal(lab: false)
                let module = try ModuleShim.build(
                    "libeToken.so", over: rehearsal.moduleOptions[1], "SAFENET", in: rehearsal.folder)
                (options, environment, owners) = (["--module", module], [], [])
                self.rehearsal = rehearsal
                let serial = "008580ef"
                count = {
                    let text = rehearsal.folder.text("libeToken.so.\(serial)")
                    return text.isEmpty ? ModuleShim.tries : Int(text.split(separator: "\n")[0])
                }
                (self.label, self.serial) = (nil, serial)
            case .remote:
                rehearsal = try Rehearsal(lab: false)
                let server = try RemoteTokens.serve(rehearsal, rehearsal.moduleOptions[1], as: "p11")
                options = ["--module", RemoteTokens.client]
                environment = ["P11_KIT_SERVER_ADDRESS=unix:path=\(rehearsal.folder.file("p11"))"]
                (count, owners) = ({ nil }, [server])
                (self.label, serial) = (label, nil)
            case .remoteCard:
                let cards = try VirtualTokens()
                rehearsal = try Rehearsal(cards: cards)
                let server = try RemoteTokens.serve(rehearsal, cards.module, as: "p11")
                options = ["--module", RemoteTokens.client]
                environment = ["P11_KIT_SERVER_ADDRESS=unix:path=\(rehearsal.folder.file("p11"))"]
                self.cards = cards
                owners = [server, cards]
                count = { try cards.status(1).tries }
                (self.label, serial) = (label, "008580ef")
            case .hardware:
                rehearsal = try Rehearsal(lab: false)
                options = Hardware.module.map { ["--module", $0] } ?? []
                // Its count is that of the user, not of this test.
                let state = ProcessInfo.processInfo.environment["XDG_STATE_HOME"] ?? NSHomeDirectory() + "/.local/state"
                (environment, count, owners) = (["XDG_STATE_HOME=\(state)"], { nil }, [])
                (self.label, serial) = (nil, Hardware.serial)
            }
            certificateName = kind == .hardware ? nil : label
            pinFile = kind == .hardware ? Hardware.pinFile ?? "" : rehearsal.rightPIN
        }

        /// A name that always means this token.
        var name: String { serial ?? label ?? "" }

        var left: Int? { get throws { try count() } }

        func run(_ arguments: String...) throws -> Rehearsal.Result { try run(arguments) }

        func run(_ arguments: [String]) throws -> Rehearsal.Result {
            try rehearsal.run(Programs.path("etoken-bridge"), arguments + options, environment: environment)
        }

        func show() throws -> [String: Any] { try run("token", "show", name, "--json").json() }

        /// Signs a list of the token's own certificate and those of SoftHSM's tokens.
        func sign(pin: String? = nil) throws -> Rehearsal.Result {
            let folder = rehearsal.folder
            let pin = pin.map { folder.write("pin-" + UUID().uuidString, $0 + "\n") } ?? pinFile
            if folder.bytes("own.pem") == nil {
                let exported = try run("token", "export", name, "--output", folder.file("own.pem"))
                guard exported.status == 0 else { throw ChildProcess.Failure(description: "\(exported)") }
            }
            return try run(
                "ctl", "build", "--force", "--allow-few-tokens", "--output", folder.file("a.tlv"), "--sign-with", name,
                "--record", "sast:\(folder.file("own.pem"))", "--pin-file", pin)
        }
    }
}
