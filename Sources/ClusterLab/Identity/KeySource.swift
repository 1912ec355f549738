import Basics
import Glibc
import Synchronization
import X509

/// Where a new lab's RSA keys come from: they are generated, or taken from a folder in which earlier labs left theirs.
/// Within a lab no key is used twice.
final class KeySource: Sendable {
    private let folder: String?
    /// How many of each size are taken.
    private let taken = Mutex<[Int: Int]>([:])

    /// - Parameter folder: private to this user; created if it is missing.
    init(folder: String?) throws(LabError) {
        self.folder = folder
        guard let folder else { return }
        try LabFiles.makeFolder(folder)
        var status = stat()
        guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw LabError(
                .badRequest, "others may read \(folder): a folder of keys must be yours, with mode 0700")
        }
    }

    /// The next key of this size, as something that may run later and on another thread: in what order keys are taken
    /// does not depend on that.
    func next(bits: Int) -> @Sendable () throws -> PrivateKey {
        guard let folder else { return { try PrivateKey.generate(bits: bits) } }
        let number = taken.withLock { taken in
            taken[bits, default: 0] += 1
            return taken[bits, default: 0]
        }
        return {
            let path = "\(folder)/rsa-\(bits)-\(number).pem"
            if Files.exists(path) { return try PrivateKey(pem: LabFiles.text(path)) }
            let key = try PrivateKey.generate(bits: bits)
            try LabFiles.write(try key.pem(), to: path, mode: 0o600)
            return key
        }
    }
}
