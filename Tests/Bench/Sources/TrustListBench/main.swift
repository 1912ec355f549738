import Glibc
import TrustList
import X509

// TrustListBench FILE SECONDS: reads and verifies a trust list of 5 kB (RSA-2048, SHA-1, as in clusters of two nodes)
// repeatedly for SECONDS, and prints how often per second. Leaves a list of 10 kB in FILE.

let path = CommandLine.arguments[1]
let seconds = Double(CommandLine.arguments[2]) ?? 2

let key = try PrivateKey.generate(bits: 2048)
let certificate = try CertificateBuilder(
    subject: DistinguishedName(["CN": "cucm-pub", "O": "Cisco"]), serialNumber: [1, 2, 3, 4], notBefore: 0,
    notAfter: 4_000_000_000
).selfSigned(by: key)

func list(upTo length: Int) throws -> [UInt8] {
    var records: [Record] = []
    while records.reduce(1_500, { $0 + $1.length }) < length {
        records.append(
            try Record(
                certificate: certificate, role: records.isEmpty ? .sast : .ccmTFTP, dnsName: "cucm-\(records.count)",
                ipAddress: [10, 0, 0, UInt8(records.count)], names: .cucm, withCertificateSignature: true))
    }
    return try TrustListDraft(timestamp: 1_500_000_000, digest: .sha1, records: records).signed(
        by: SoftwareSigner(certificate: certificate, key: key)
    ).encoded()
}

let large = try list(upTo: 10_000)
let bytes = try list(upTo: 5_000)
let file = fopen(path, "w")
fwrite(large, 1, large.count, file)
fclose(file)

/// The processor's time, as `openssl speed` counts it: what else the machine does is left out.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let start = now()
var rounds = 0
while now() - start < seconds {
    // Asking for the time is a system call.
    for _ in 0..<100 {
        let list = try TrustListFile(decoding: bytes)
        guard try list.isSigned(by: certificate) else { fatalError("the signature does not verify") }
    }
    rounds += 100
}
print(Int(Double(rounds) / (now() - start)))
