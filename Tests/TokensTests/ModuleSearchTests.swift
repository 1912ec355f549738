import Glibc
import ServerFixtures
import SmartCards
import Testing

@testable import Tokens

/// Where modules are searched for, in folders of our own.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ModuleSearchTests {
    private let folder = TemporaryFolder()

    private func places() throws -> ModuleSearch.Places {
        for name in ["user", "etc", "usr", "modules", "known"] {
            try ChildProcess.run(["mkdir", "-p", folder.file(name)])
        }
        return ModuleSearch.Places(
            user: folder.file("user"), system: [folder.file("etc"), folder.file("usr")],
            modules: [folder.file("modules")],
            wellKnown: [folder.file("known/libeToken.so"), folder.file("known/opensc-pkcs11.so")])
    }

    private func names(_ places: ModuleSearch.Places) -> [String] {
        ModuleSearch.candidates(in: places).map { String($0.dropFirst(folder.path.utf8.count + 1)) }
    }

    @Test func registriesAreReadAsP11KitDoes() throws {
        let places = try places()
        folder.write("modules/b.so", "")
        folder.write("usr/a.module", "module: /lib/a.so\n")
        folder.write("usr/b.module", "# comment\nmodule:  b.so  \npriority: 5\n")
        folder.write("usr/trust.module", "module: p11-kit-trust.so\ntrust-policy: yes\n")
        // Only p11-kit's own has no tokens.
        folder.write("usr/signing.module", "module: /lib/signing.so\ntrust-policy: yes\n")
        folder.write("usr/others.module", "module: /lib/others.so\nenable-in: firefox, gnome\n")
        folder.write("usr/ours.module", "module: /lib/ours.so\nenable-in: firefox, etoken-bridge\n")
        folder.write("usr/not.module", "module: /lib/not.so\ndisable-in: etoken-bridge\n")
        folder.write("usr/ignored.conf", "module: /lib/ignored.so\n")
        // The administrator's file hides the package's, the user's hides both; one without a module removes it.
        folder.write("usr/c.module", "module: /lib/c-package.so\n")
        folder.write("etc/c.module", "module: /lib/c-local.so\n")
        folder.write("usr/d.module", "module: /lib/d.so\n")
        folder.write("user/d.module", "\n")
        let found = ModuleSearch.candidates(in: places)
        #expect(
            found == [folder.file("modules/b.so"), "/lib/a.so", "/lib/c-local.so", "/lib/ours.so", "/lib/signing.so"])
    }

    @Test func whatIsNotReadIsKnown() throws {
        let places = try places()
        folder.write("usr/a.module", "module: /lib/a.so\n")
        folder.write("usr/eToken.conf", "module: /lib/libeToken.so\n")
        folder.write("etc/far.module", "remote: unix:path=/run/p11-kit\n")
        folder.write("usr/README", "nothing of ours\n")
        folder.write("usr/off.conf", "module: /lib/off.so\nenable-in: firefox\n")
        #expect(
            Set(ModuleSearch.unused(in: places)) == [
                .init(path: folder.file("usr/eToken.conf"), reason: .name),
                .init(path: folder.file("etc/far.module"), reason: .remote),
            ])
    }

    @Test func theMakersModuleComesFirstAndNoLibraryTwice() throws {
        let places = try places()
        for name in ["libeToken.so", "opensc-pkcs11.so"] { folder.write("known/\(name)", "") }
        folder.write("usr/opensc.module", "module: \(folder.file("known/opensc-pkcs11.so"))\n")
        try ChildProcess.run(["ln", "-s", folder.file("known/libeToken.so"), folder.file("modules/etoken.so")])
        folder.write("usr/etoken.module", "module: etoken.so\n")
        #expect(names(places) == ["known/libeToken.so", "known/opensc-pkcs11.so"])
    }

    @Test func whereNothingIsInstalledNothingIsFound() throws {
        #expect(try ModuleSearch.candidates(in: places()).isEmpty)
    }

    /// The software of every known card is found even if it is not registered, before OpenSC's module.
    @Test func theMakersModulesAreWellKnown() {
        let names = ModuleSearch.Places.standard.wellKnown.map { String($0.split(separator: "/").last ?? "") }
        for card in KnownCard.all {
            for module in card.software.modules {
                #expect(names.firstIndex(of: module).map { $0 < names.firstIndex(of: "opensc-pkcs11.so")! } == true)
            }
        }
        #expect(names.last == "opensc-pkcs11.so")
    }

    @Test func theUsersRegistryIsNotReadByRoot() {
        // As described in pkcs11.conf(5); tests run as root in CI.
        #expect((ModuleSearch.Places.standard.user == nil) == (getuid() == 0))
    }
}
