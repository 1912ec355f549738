import Glibc
import SmartCards
import Tokens

/// What the checks look at. Everything is found out when it is first asked for, and once.
final class DoctorContext {
    /// A module that was found or named, and what came of loading it.
    struct Module {
        let path: String
        let loaded: Result<PKCS11Module, TokenError>
    }

    /// The modules that the user or the configuration names; none to search for them.
    let namedModules: [String]
    let patience: Int

    init(namedModules: [String], patience: Int) {
        self.namedModules = namedModules
        self.patience = patience
    }

    private(set) lazy var socket = ServiceSocket()

    private(set) lazy var service: Result<SmartCardService, SmartCardError> = Result {
        () throws(SmartCardError) in try SmartCardService()
    }

    /// The readers before any module was asked: asking takes the cards into use.
    private(set) lazy var readers: [Reader] = {
        guard case .success(let service) = service, let readers = try? service.readers() else { return [] }
        return readers
    }()

    private(set) lazy var modules: [Module] = {
        _ = readers
        let paths = namedModules.isEmpty ? ModuleSearch.candidates() : namedModules
        return paths.map { path in
            Module(
                path: path,
                loaded: Result { () throws(TokenError) in try PKCS11Module(path: path, patience: patience) })
        }
    }()

    /// The tokens of all modules, each once, and why others could not be read.
    private(set) lazy var tokens: (present: [Token], failures: [TokenError]) = {
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

    /// Readers that hold a card which is none of the tokens.
    var unreadReaders: [Reader] {
        readers.filter { reader in
            reader.hasCard && !tokens.present.contains { reader.isSlot($0.info.slotDescription) }
        }
    }

    /// Whether systemd manages this machine's services.
    let hasSystemd = access("/run/systemd/system", F_OK) == 0
}
