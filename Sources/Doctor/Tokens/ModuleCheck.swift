import Basics
import Glibc
import Messages
import SmartCards
import Tokens

/// Whether the PKCS#11 modules, the drivers of tokens, can be loaded.
struct ModuleCheck: DoctorCheck {
    let name = "modules"

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        guard !context.modules.isEmpty else {
            return [
                DoctorFinding(
                    self, .error, "no-module",
                    localized(
                        "No PKCS#11 module (token driver) is installed: neither OpenSC nor the software of a token vendor."
                    ),
                    next: [
                        localized(
                            "For Cisco's eTokens install SafeNet Authentication Client; its module is /usr/lib/libeToken.so."
                        ),
                        localized("For tokens of the standard layout: sudo apt install opensc-pkcs11"),
                    ])
            ]
        }
        let findings = context.modules.map { module in
            switch module.loaded {
            case .success: DoctorFinding(self, .ok, "module-loads", localized("Module \(module.path) can be used."))
            case .failure(let error): finding(module.path, error, isNeeded: isNeeded(module.path, context))
            }
        }
        return findings + (context.namedModules.isEmpty ? ModuleSearch.remarks().map(remark) : [])
    }

    /// The module through which p11-kit offers all that it knows, as Debian installs it.
    private static let proxy = "/usr/lib/\(ModuleSearch.architecture)/p11-kit-proxy.so"

    /// About a file of p11-kit's registry.
    private func remark(_ entry: ModuleSearch.Remark) -> DoctorFinding {
        switch entry.reason {
        case .name:
            DoctorFinding(
                self, .warning, "module-entry-name",
                localized(
                    "\(entry.path) registers a PKCS#11 module, but its name does not end in .module: p11-kit will ignore it in a later release."
                ),
                next: [.verbatim("sudo mv \(Shell.word(entry.path)) \(Shell.word(entry.path + ".module"))")])
        case .remote:
            DoctorFinding(
                self, .warning, "module-entry-unused",
                localized(
                    "\(entry.path) registers tokens of another program or machine (remote:), which only p11-kit reaches."
                ),
                next: [
                    localized("To use them: etoken-bridge token list --module \(path: Self.proxy)")
                ])
        }
    }

    /// Whether nothing works without this module, as far as that is known: the user specified it, it is the vendor's of
    /// a token or OpenSC's, or no other can be used.
    private func isNeeded(_ path: String, _ context: DoctorContext) -> Bool {
        !context.namedModules.isEmpty || MakerSoftware.all.contains { $0.owns(module: path) }
            || path.hasSuffix("/opensc-pkcs11.so") || !context.modules.contains { (try? $0.loaded.get()) != nil }
    }

    private func finding(_ path: String, _ error: TokenError, isNeeded: Bool) -> DoctorFinding {
        // Tokens of other modules can be used all the same.
        let severity: DoctorFinding.Severity = isNeeded ? .error : .warning
        if error.code == .noAnswer {
            return DoctorFinding(
                self, .error, "module-hangs", error.text,
                next: [localized("Remove all tokens, insert them again, and run etoken-bridge doctor.")])
        }
        if error.code == .moduleCrashes {
            return DoctorFinding(
                self, severity, "module-crashes", error.text,
                next: [
                    .verbatim("ldd \(path) | grep 'not found'"),
                    localized(
                        "Install a release of it that fits this system: see \"Which release\" in docs/tokens-on-linux.md."
                    ),
                ])
        }
        if ModuleFile.isCutShort(path) {
            return DoctorFinding(
                self, severity, "module-not-a-library", error.text,
                next: [localized("Reinstall the package that it belongs to: dpkg -S \(path)")])
        }
        let header: ELFHeader
        do throws(ELFHeader.Fault) {
            header = try ELFHeader(path: path)
        } catch .unreadable(let cause) {
            return missing(path, cause, severity)
        } catch {
            return DoctorFinding(
                self, severity, "module-not-a-library",
                localized("Module \(path) is not a Linux library: the file is damaged or of another type."),
                next: [localized("Reinstall the package that it belongs to: dpkg -S \(path)")])
        }
        if let own = ELFHeader.own, header != own {
            return DoctorFinding(
                self, severity, "module-wrong-architecture",
                localized(
                    "Module \(path) is built for another processor (\(header.description)) than this program (\(own.description))."
                ),
                next: [
                    localized(
                        "Install the \(own.bits)-bit version of the token's driver, or specify its path with --module.")
                ])
        }
        // The dynamic linker may have looked for the module itself, in its own folders only.
        if let library = Self.missingLibrary(error.text.localized), library != path {
            return DoctorFinding(
                self, severity, "module-library-missing",
                localized("Module \(path) cannot be loaded: it needs \(library), which is not installed."),
                next: [
                    .verbatim("ldd \(path) | grep 'not found'"),
                    localized(
                        "Install the package that contains it (apt-file search \(library)), or a release of the token's driver for this system."
                    ),
                ])
        }
        // Its folder of tokens is open to one group only.
        let isSoftHSM = path.hasSuffix("/libsofthsm2.so") && getuid() != 0
        return DoctorFinding(
            self, severity, "module-unusable", error.text,
            next: [
                isSoftHSM
                    ? localized(
                        "If tokens of SoftHSM are needed, add yourself to its group: sudo adduser $USER softhsm")
                    : path.contains("/")
                        ? localized("Reinstall the package that it belongs to: dpkg -S \(path)") : error.next
            ].compactMap(\.self))
    }

    private func missing(
        _ path: String, _ cause: String, _ severity: DoctorFinding.Severity
    ) -> DoctorFinding {
        let name = path.split(separator: "/").last ?? ""
        return DoctorFinding(
            self, severity, "module-missing", localized("Module \(path) cannot be read: \(cause)."),
            next: [
                localized(
                    "Where it is registered: grep -l \(name) /etc/pkcs11/modules/* /usr/share/p11-kit/modules/* ~/.config/pkcs11/modules/*"
                ),
                localized("Install the driver that it belongs to, or remove its entry."),
            ])
    }

    /// The library that the dynamic linker did not find. Its message is `NAME: cannot open shared object file: ...`.
    static func missingLibrary(_ reason: String) -> String? {
        guard let end = reason.firstRange(of: ": cannot open shared object file")?.lowerBound else {
            return nil
        }
        let name = reason[..<end].split(separator: " ").last.map(String.init) ?? ""
        return name.contains(".so") ? name : nil
    }
}
