import Basics
import Glibc
import SmartCards
import Tokens

/// What the checks need. Everything is determined on first use, once.
package final class DoctorContext {
    /// A module that was found or specified, and the result of loading it.
    struct Module {
        let path: String
        let loaded: Result<PKCS11Module, TokenError>
    }

    /// The modules specified by the user or the configuration; none to search for them.
    let namedModules: [String]
    let patience: Int

    private let pins: PINLedger

    package init(namedModules: [String], pins: PINLedger, patience: Int) {
        self.namedModules = namedModules
        self.pins = pins
        self.patience = patience
    }

    private(set) lazy var socket = ServiceSocket()

    /// Whether a card or the service did not answer: whatever waits for it cannot be ended.
    package private(set) var hasHung = false

    /// Does something that may hang, and gives up after a while.
    private func patiently<Value>(_ work: @escaping () -> Value) -> Value? {
        let value = BlockingTask(work).value(within: min(patience, 10))
        if value == nil { hasHung = true }
        return value
    }

    private(set) lazy var service: Result<SmartCardService, SmartCardError> =
        patiently { Result { () throws(SmartCardError) in try SmartCardService() } }
        ?? .failure(SmartCardError("SCardEstablishContext", .timeout))

    /// The readers before any module was asked: asking takes the cards into use.
    private(set) lazy var readers: [Reader] = {
        guard case .success(let service) = service else { return [] }
        return patiently { (try? service.readers()) ?? [] } ?? []
    }()

    /// Whether the card in a reader could be used before any module was asked, by the reader's name; nil if it did not
    /// answer. Each is asked over a separate connection, because one that hangs is no longer usable.
    private lazy var cardAccess: [String: PCSCStatus?] = {
        var access: [String: PCSCStatus?] = [:]
        for reader in readers where reader.hasCard && !reader.isMute {
            access[reader.name] = .some(
                patiently { () -> PCSCStatus in
                    do throws(SmartCardError) { return try SmartCardService().access(to: reader) } catch {
                        return error.status
                    }
                })
        }
        return access
    }()

    func cardStatus(in reader: Reader) -> PCSCStatus? { cardAccess[reader.name] ?? nil }

    private(set) lazy var modules: [Module] = {
        _ = cardAccess
        let paths = namedModules.isEmpty ? ModuleSearch.candidates() : namedModules
        return paths.map { path in
            Module(
                path: path,
                loaded: Result { () throws(TokenError) in try PKCS11Module(path: path, pins: pins, patience: patience) }
            )
        }
    }()

    /// The tokens of all modules, each once, and why others could not be read.
    package private(set) lazy var tokens: (present: [Token], failures: [TokenError]) = {
        var present: [Token] = []
        var failures: [TokenError] = []
        for case .success(let module) in modules.map(\.loaded) {
            do throws(TokenError) {
                let (found, failed) = try module.scan()
                for token in found where !present.contains(where: { $0.info.identity == token.info.identity }) {
                    present.append(token)
                }
                failures += failed
            } catch {
                failures.append(error)
            }
        }
        return (present, failures)
    }()

    /// Whether a module did not answer: then it is not known which tokens there are.
    var hasSilentModule: Bool {
        modules.contains { module in
            guard case .failure(let error) = module.loaded else { return false }
            return error.code == .noAnswer
        }
    }

    /// Whether OpenSC was asked for its tokens, or p11-kit with all its modules.
    var hasAskedOpenSC: Bool {
        modules.contains { module in
            let name = module.path.split(separator: "/").last ?? ""
            return (try? module.loaded.get()) != nil
                && (name.contains("opensc-pkcs11") || name.hasPrefix("p11-kit-proxy"))
        }
    }

    /// Readers with a card that could be used but is none of the tokens. If a module could not be asked, it is not
    /// known for which cards that is so: then none.
    var unreadReaders: [Reader] {
        guard tokens.failures.isEmpty, !hasSilentModule else { return [] }
        let descriptions = tokens.present.map(\.info.slotDescription)
        return readers.filter { (reader: Reader) -> Bool in
            cardStatus(in: reader) == .success && !descriptions.contains { reader.isSlot($0) }
        }
    }

    /// Whether systemd manages this machine's services.
    let hasSystemd = access("/run/systemd/system", F_OK) == 0
}
