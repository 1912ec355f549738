import Basics
import Cluster
import Messages
import TrustList
import X509

extension ClusterStatus.TrustList {
    /// Reads a file's bytes; errors in them are part of the result.
    ///
    /// - Parameter time: at which certificates have to be valid, in seconds since 1970.
    init(_ bytes: [UInt8], kind: TrustListKind, at time: Int64) {
        self.init(
            kind: kind.fileName, length: bytes.count, md5: Digest.md5(bytes).hex, sha1: Digest.sha1(bytes).hex,
            signer: nil, made: nil, fault: nil, records: [])
        let list: TrustListFile
        do throws(TrustListError) {
            list = try TrustListFile(decoding: bytes)
        } catch {
            fault = localized("it is not a complete trust list: \(error)")
            return
        }
        signer = list.header.signerName
        signerSHA1 = list.signerRecord?.certificate.map { Digest.sha1($0).hex }
        made = Timestamp(list.header.timestamp)
        records = list.records.map { record in
            Record(
                role: record.role?.rawValue, roleName: record.role?.name, dnsName: record.dnsName,
                subject: record.subjectName, serialNumber: record.serialNumber?.hex,
                certificateSHA1: record.certificate.map { Digest.sha1($0).hex },
                notAfter: record.x509.map { Timestamp($0.notAfter) })
        }
        // Expired certificates are findings of their own.
        let verification = TrustListVerification(of: list, at: Int64(list.header.timestamp))
        fault = verification.checks.first { $0.severity == .error }.map { localized("it fails a check: \($0.text)") }
    }
}

extension ClusterStatus.File {
    init(_ statement: TrustListStatement) {
        switch statement {
        case .file(let md5, let sha1, let length):
            self.init(state: .file, length: length, md5: md5, sha1: sha1, error: nil)
        case .absent: self.init(state: .absent)
        }
    }

    /// Whether it is what a node says itself.
    func isAs(_ stated: ClusterStatus.File) -> Bool {
        state == stated.state && length == stated.length && md5 == stated.md5 && sha1 == stated.sha1
    }

    /// In a few words.
    var summary: LocalizableText {
        guard state == .file, let length, let sha1 else { return localized("no file") }
        return localized("\(length) bytes, SHA-1 \(sha1)")
    }

    init(_ reading: TrustListReading?) {
        switch reading?.outcome {
        case .file(let bytes):
            self.init(
                state: .file, length: bytes.count, md5: Digest.md5(bytes).hex, sha1: Digest.sha1(bytes).hex, error: nil)
        case .absent: self.init(state: .absent)
        case .failed(let error): self.init(state: .failed, error: ClusterStatus.Failure(error))
        case nil: self.init(state: .failed)
        }
    }
}

extension ClusterStatus.Served {
    init?(_ file: DistributedFile, node: String, stated: TrustListStatement?) {
        let readings = file.readings.filter { $0.node == node }
        guard !readings.isEmpty else { return nil }
        self.init(
            tftp: ClusterStatus.File(readings.first { $0.transport == .tftp }),
            http: ClusterStatus.File(readings.first { $0.transport == .http }),
            stated: stated.map(ClusterStatus.File.init))
    }
}
