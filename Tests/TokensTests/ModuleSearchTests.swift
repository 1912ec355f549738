import Glibc
import ServerFixtures
import SmartCards
import Testing

@testable import Tokens

/// Where modules are searched for, in folders of our own.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ModuleSearchTests {
    private let folder = TemporaryFolder()

    private func places() throws -> ModuleSearch.Places {
        for name in ["user/modules", "etc/modules", "usr", "modules", "known"] {
            try ChildProcess.run(["mkdir", "-p", folder.file(name)])
        }
        return ModuleSearch.Places(
            user: folder.file("user"), system: folder.file("etc"), package: folder.file("usr"),
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
        folder.write("usr/ours.module", "module: /lib/ours.so\nenable-in: firefox,\tetoken-bridge\n")
        folder.write("usr/not.module", "module: /lib/not.so\ndisable-in: etoken-bridge\n")
        folder.write("usr/both.module", "module: /lib/both.so\nenable-in: etoken-bridge\ndisable-in: etoken-bridge\n")
        folder.write("usr/named.conf", "module: /lib/named.so\n")
        // Files of the same name are one entry; the more specific one decides line by line.
        folder.write("usr/c.module", "module: /lib/c-package.so\n")
        folder.write("etc/modules/c.module", "module: /lib/c-local.so\n")
        folder.write("usr/d.module", "module: /lib/d.so\n")
        folder.write("user/modules/d.module", "module:\n")
        folder.write("usr/e.module", "module: /lib/e.so\npriority: 1\n")
        folder.write("user/modules/e.module", "priority: 9\n")
        #expect(
            ModuleSearch.candidates(in: places) == [
                "/lib/e.so", folder.file("modules/b.so"), "/lib/a.so", "/lib/both.so", "/lib/c-local.so",
                "/lib/named.so", "/lib/ours.so", "/lib/signing.so",
            ])
    }

    /// `user-config` of the administrator's pkcs11.conf, then of the user's.
    @Test(arguments: [
        (nil, nil, ["/lib/own.so", "/lib/package.so"]), ("merge", nil, ["/lib/own.so", "/lib/package.so"]),
        ("none", nil, ["/lib/package.so"]), ("none", "merge", ["/lib/package.so"]), ("only", nil, ["/lib/own.so"]),
        ("override", nil, ["/lib/own.so"]), ("only", "merge", ["/lib/own.so", "/lib/package.so"]),
        (nil, "none", ["/lib/package.so"]), (nil, "only", ["/lib/own.so"]),
    ])
    func theUsersRegistryCountsAsConfigured(system: String?, user: String?, expected: [String]) throws {
        let places = try places()
        folder.write("usr/package.module", "module: /lib/package.so\n")
        folder.write("user/modules/own.module", "module: /lib/own.so\n")
        for (place, value) in [("etc", system), ("user", user)] {
            if let value { folder.write("\(place)/pkcs11.conf", "user-config: \(value)\n") }
        }
        #expect(ModuleSearch.candidates(in: places) == expected)
    }

    @Test func whatTheUserShouldKnowIsSaid() throws {
        let places = try places()
        folder.write("usr/a.module", "module: /lib/a.so\n")
        folder.write("usr/eToken.conf", "module: /lib/libeToken.so\n")
        folder.write("etc/modules/far.module", "remote: unix:path=/run/p11-kit\nmodule: /lib/far.so\n")
        folder.write("usr/README", "nothing of ours\n")
        folder.write("usr/off.conf", "module: /lib/off.so\nenable-in: firefox\n")
        #expect(
            Set(ModuleSearch.remarks(in: places)) == [
                .init(path: folder.file("usr/eToken.conf"), reason: .name),
                .init(path: folder.file("etc/modules/far.module"), reason: .remote),
            ])
        // remote: counts more than module:.
        #expect(ModuleSearch.candidates(in: places) == ["/lib/a.so", "/lib/libeToken.so"])
        // One that is not used is not worth a word.
        folder.write("user/modules/far.module", "enable-in: firefox\n")
        #expect(ModuleSearch.remarks(in: places).map(\.path) == [folder.file("usr/eToken.conf")])
    }

    /// The same registry, read by p11-kit itself under this program's name, as another user than root.
    @Test(arguments: ["merge", "none", "only"])
    func itAgreesWithP11Kit(use: String) throws {
        let fake = try FakeModule("")
        func module(_ name: String) throws -> String {
            let path = folder.file("modules/\(name).so")
            try ChildProcess.run(["cp", fake.path, path])
            return path
        }
        let places = try places()
        var lines: [String: String] = [
            "usr/a.module": "", "usr/list.module": "enable-in: firefox etoken-bridge\n",
            "usr/tab.module": "enable-in: firefox,\tetoken-bridge\n", "usr/others.module": "enable-in: firefox\n",
            "usr/not.module": "disable-in: seahorse, etoken-bridge\n",
            "usr/both.module": "enable-in: etoken-bridge\ndisable-in: etoken-bridge\n",
            "usr/part.module": "enable-in: etoken-bridge-2, my-etoken-bridge\n", "usr/odd.conf": "",
            "usr/high.module": "priority: 3\n", "usr/low.module": "priority: -1\n",
            "etc/modules/local.module": "", "user/modules/own.module": "",
        ]
        for (file, more) in lines {
            let name = String(file.split(separator: "/").last!.prefix { $0 != "." })
            lines[file] = "module: \(try module(name))\n\(more)"
        }
        lines["usr/blank.module"] = "module: \(try module("blank"))\n"
        lines["user/modules/blank.module"] = "module:\n"
        lines["usr/raised.module"] = "module: \(try module("raised"))\n"
        lines["etc/modules/raised.module"] = "priority: 8\n"
        lines["etc/pkcs11.conf"] = "user-config: \(use)\n"
        for (file, text) in lines { folder.write(file, text) }
        try ChildProcess.run(["cp", "/usr/bin/p11-kit", folder.file("etoken-bridge")])
        try ChildProcess.run(["mkdir", "-p", folder.file("config"), folder.file("layers")])
        try ChildProcess.run(["ln", "-s", folder.file("user"), folder.file("config/pkcs11")])
        try ChildProcess.run(["chmod", "-R", "a+rX", folder.path])
        let script = """
            set -e
            mount -t tmpfs none \(folder.file("layers"))
            cd \(folder.file("layers"))
            mkdir -p upper/pkcs11 work
            cp -r \(folder.file("etc"))/. upper/pkcs11
            mount -t overlay -o lowerdir=/etc,upperdir=upper,workdir=work none /etc
            mount --bind \(folder.file("usr")) /usr/share/p11-kit/modules
            exec setpriv --reuid=65534 --regid=65534 --clear-groups env -u P11_KIT_NO_USER_CONFIG \
                XDG_CONFIG_HOME=\(folder.file("config")) \(folder.file("etoken-bridge")) list-modules
            """
        let output = try ChildProcess.run(["unshare", "-m", "sh", "-c", script])
        // A line without indentation for each module: `NAME: FILE`.
        let listed = output.split(separator: "\n").filter { $0.first != " " }
            .map { String($0[($0.firstRange(of: ": ")?.upperBound ?? $0.startIndex)...]) }
        #expect(listed.count > 5 || use == "only" && listed.count == 1, "\(output)")
        #expect(ModuleSearch.candidates(in: places) == listed, "\(output)")
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
