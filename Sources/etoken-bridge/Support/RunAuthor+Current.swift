import Basics
import Glibc
import Migration
import Version

extension RunAuthor {
    /// This run: who, where, how, and with which version.
    static var current: RunAuthor {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let name = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let user = Self.user(getuid())
        var author = RunAuthor(who: "\(user)@\(name)", version: Version.current)
        author.sudoUser = Self.userBeforeSudo.flatMap { $0 == user ? nil : $0 }
        // PINs and passwords come from files, descriptors and questions only: an argument with one is refused. For a
        // guided run, the command line with the answers.
        author.command = (MigrationWizard.line ?? CommandWords(Array(CommandLine.arguments.dropFirst()))).text
        return author
    }

    private static func user(_ id: uid_t) -> String {
        getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "uid \(id)"
    }

    /// Who became this user, as sudo leaves it in the environment. It is a note, not a proof.
    private static var userBeforeSudo: String? {
        guard let name = getenv("SUDO_USER").map({ String(cString: $0) }), ChangePlan.isReference(name) else {
            return nil
        }
        return name
    }
}
