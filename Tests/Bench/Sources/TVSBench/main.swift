import Cluster
import Configuration
import Glibc
import Operations
import X509

/// Asks a lab's Trust Verification Service for the signer of its CTL file, one question after another, each on a new
/// connection, as phones do, and prints the number of answers per second:
///
///     TVSBench LAB SECONDS
struct Usage: Error {}

guard CommandLine.arguments.count == 3, let seconds = Double(CommandLine.arguments[2]) else { throw Usage() }
let configuration = try ConfigurationFile.lab(in: CommandLine.arguments[1])
guard let publisher = configuration.publisher else { throw Usage() }
let contact = FirstContact(with: publisher, purposes: [.tvs])
guard let certificate = contact.keys.first?.certificate else { throw Usage() }
let client = try TVSClient(publisher)

var count = 0
let start = ContinuousClock.now
while ContinuousClock.now - start < .seconds(seconds) {
    // A certificate that the service looks for in both of its caches: what a phone asks when it meets a new signer.
    _ = try client.queryCertificate(
        subject: certificate.subject.rendered(.cucm), issuer: certificate.issuer.rendered(.cucm),
        serialNumber: certificate.serialNumber)
    count += 1
}
print(Int(Double(count) / ((ContinuousClock.now - start) / .seconds(1))))
