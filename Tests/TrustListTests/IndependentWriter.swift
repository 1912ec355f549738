import Basics
import Foundation
import Messages
import ServerFixtures
import Testing
import TrustList
import X509

/// Files written, and ours read, by a Python program that knows docs/trust-list-format.md and nothing of this code.
@Suite(.waiting, .timeLimit(.minutes(10))) struct IndependentWriter {
    private static let script =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("independent-writer.py").path

    private struct Described: Decodable {
        struct Head: Decodable {
            let length, digest, modulusBits: Int
            let signerName, caName, serial, signature, fileName: String
            let timestamp: UInt32
        }

        struct Entry: Decodable {
            let length: Int
            let fields: [String: String]
            let order: [UInt8]
        }

        let length: Int
        let header: Head
        let records: [Entry]
        let warnings: [String]
    }

    @Test func everyFieldOfEveryFileIsReadAndGivenBack() throws {
        let folder = TemporaryFolder()
        try ChildProcess.run(["/usr/bin/python3", Self.script, "write", folder.path])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".tlv") }
        #expect(names.count == 15)
        for name in names {
            let bytes = try #require(folder.bytes(name))
            let json = Data(try #require(folder.bytes(String(name.dropLast(3)) + "json")))
            let described = try JSONDecoder().decode(Described.self, from: json)
            let file = try TrustListFile(decoding: bytes)
            #expect(file.encoded() == bytes, "\(name)")
            compare(file, described, name)
            let signer = try #require(file.signerRecord?.certificate)
            #expect(try file.isSigned(by: Certificate(der: signer)), "\(name)")
            #expect(Set(file.warnings.map(\.code.rawValue)) == Set(described.warnings), "\(name)")
        }
    }

    private func compare(_ file: TrustListFile, _ described: Described, _ name: String) {
        let (header, expected) = (file.header, described.header)
        #expect(header.length == expected.length, "\(name)")
        #expect(header.signerName == expected.signerName && header.caName == expected.caName, "\(name)")
        #expect(header.serialNumber.hex == expected.serial, "\(name)")
        #expect(
            Int(header.digest.rawValue) == expected.digest && header.modulus.bits == expected.modulusBits, "\(name)")
        #expect(header.signature.hex == expected.signature, "\(name)")
        #expect(header.fileName == expected.fileName && header.timestamp == expected.timestamp, "\(name)")
        #expect(file.records.map(\.length) == described.records.map(\.length), "\(name)")
        for (record, entry) in zip(file.records, described.records) {
            var values: [String: String] = [:]
            var order: [UInt8] = []
            for case .value(let tag, let bytes) in record.elements {
                order.append(tag)
                if tag != 1 { values["\(tag)"] = bytes.hex }
            }
            #expect(values == entry.fields && order == entry.order, "\(name)")
        }
    }

    @Test func whatWeSignIsReadByTheOther() throws {
        let folder = TemporaryFolder()
        let files = [("tokenless", try Workshop.tokenlessFile(), 4), ("ctl-client", try Workshop.ctlClientFile(), 5)]
        for (name, file, count) in files {
            let path = folder.write(name + ".tlv", file.encoded())
            let answer = try ChildProcess.run(["/usr/bin/python3", Self.script, "check", path])
            #expect(answer.contains("\"records\": \(count)"))
            // A changed byte is noticed there, too, so the check is effective.
            var changed = file.encoded()
            changed[changed.count - 200] ^= 1
            let other = folder.write(name + "-changed.tlv", changed)
            let error = #expect(throws: ChildProcess.Failure.self) {
                try ChildProcess.run(["/usr/bin/python3", Self.script, "check", other])
            }
            #expect(error?.description.contains("InvalidSignature") == true)
        }
    }
}
