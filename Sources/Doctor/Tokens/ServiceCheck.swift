import Glibc
import Messages
import SmartCards

/// Whether the smart card service is installed, running, and accessible to this user.
struct ServiceCheck: DoctorCheck {
    let name = "smart-card-service"

    private static let program = "/usr/sbin/pcscd"

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        if let error = SmartCardService.loadError {
            return [
                DoctorFinding(
                    self, .error, "library-missing",
                    localized("The library of the smart card service cannot be loaded: \(error)."),
                    next: [.verbatim("sudo apt install libpcsclite1 pcscd libccid")])
            ]
        }
        let socket = context.socket
        switch socket.state {
        case .listening: return [listening(context)]
        case .missing: return [missing(context)]
        case .abandoned:
            return [
                DoctorFinding(
                    self, .error, "service-gone",
                    localized(
                        "The smart card service (pcscd) has ended and left its socket \(socket.path) behind: nothing is listening there."
                    ),
                    next: start(context, verb: "restart"))
            ]
        case .forbidden:
            return [
                DoctorFinding(
                    self, .error, "socket-forbidden",
                    localized(
                        "User \(Self.user) may not open the socket of the smart card service, \(socket.path)\(Self.owner(of: socket.path))."
                    ),
                    next: [
                        .verbatim("ls -ld \(socket.path)"),
                        localized(
                            context.hasSystemd
                                ? "Normally everyone can write to it (mode 0666); sudo systemctl restart pcscd.socket recreates it."
                                : "Normally everyone can write to it (mode 0666); restart pcscd to recreate it."),
                    ])
            ]
        case .failed(let reason):
            return [
                DoctorFinding(
                    self, .error, "socket-unusable",
                    localized("The socket of the smart card service, \(socket.path), cannot be opened: \(reason)."),
                    next: start(context, verb: "restart"))
            ]
        }
    }

    private func listening(_ context: DoctorContext) -> DoctorFinding {
        switch context.service {
        case .success:
            return DoctorFinding(
                self, .ok, "service-answers", localized("The smart card service answers at \(context.socket.path)."))
        case .failure(let error) where error.code == .refused || error.code == .noService:
            if let version = context.socket.protocolVersion() { return otherVersion(version, context) }
            return refused
        case .failure(let error):
            return DoctorFinding(
                self, .error, "service-fails",
                localized(
                    "Something is listening at \(context.socket.path), but does not respond like the smart card service: \(error.status.sentence)."
                ),
                next: start(context, verb: "restart"))
        }
    }

    /// pcscd and libpcsclite are of different releases: it answers, and refuses to continue.
    private func otherVersion(_ version: String, _ context: DoctorContext) -> DoctorFinding {
        DoctorFinding(
            self, .error, "service-other-version",
            localized(
                "The smart card service at \(context.socket.path) speaks another version of its protocol (\(version)) than the library libpcsclite of this program."
            ),
            next: [
                .verbatim("dpkg -l pcscd libpcsclite1"),
                localized(
                    "Install both from the same release, also in a container that uses the host's service; then restart pcscd."
                ),
            ])
    }

    /// pcscd hangs up on users whom polkit refuses. If noticed early, that looks as if nothing were listening; but here
    /// something is.
    private var refused: DoctorFinding {
        DoctorFinding(
            self, .error, "service-refuses",
            localized(
                "The smart card service disconnects user \(Self.user): polkit denies access. Normally it allows the user at the console, but not over ssh."
            ),
            next: [
                .verbatim("pkcheck --action-id org.debian.pcsc-lite.access_pcsc --process $$"),
                localized("Let a group in with a polkit rule: see \"polkit\" in docs/tokens-on-linux.md."),
            ])
    }

    private func missing(_ context: DoctorContext) -> DoctorFinding {
        guard access(Self.program, X_OK) == 0 else {
            return DoctorFinding(
                self, .error, "service-not-installed",
                localized("The smart card service (pcscd) is not installed: tokens in USB ports cannot be reached."),
                next: [.verbatim("sudo apt install pcscd libccid")])
        }
        let place: LocalizableText =
            getenv("PCSCLITE_CSOCK_NAME") == nil
            ? .verbatim("") : localized(" where PCSCLITE_CSOCK_NAME says it is (unset it unless that is intended)")
        return DoctorFinding(
            self, .error, "service-not-running",
            localized("The smart card service (pcscd) is not running: \(context.socket.path) does not exist\(place)."),
            next: start(context, verb: "enable --now"))
    }

    private func start(_ context: DoctorContext, verb: String) -> [LocalizableText] {
        [.verbatim(context.hasSystemd ? "sudo systemctl \(verb) pcscd.socket" : "sudo \(Self.program)")]
    }

    private static var user: LocalizableText {
        getpwuid(geteuid()).map { .verbatim(String(cString: $0.pointee.pw_name)) } ?? localized("number \(geteuid())")
    }

    /// Its owner and mode, if visible.
    private static func owner(of path: String) -> LocalizableText {
        var status = stat()
        guard stat(path, &status) == 0 else { return localized(", nor look into its folder") }
        let owner = getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) } ?? "\(status.st_uid)"
        return localized(" (owner \(owner), mode 0\(String(status.st_mode & 0o777, radix: 8)))")
    }
}
