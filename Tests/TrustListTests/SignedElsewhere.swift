import Basics
import Foundation
import Messages
import Testing
import X509

@testable import TrustList

/// What is signed on another machine: the request, the answer, and that neither can be changed.
@Suite(.timeLimit(.minutes(5))) struct SignedElsewhere {
    private static var token: SoftwareSigner {
        get throws { try SoftwareSigner(certificate: Workshop.secondToken, key: Workshop.secondTokenKey) }
    }

    private static func list(time: UInt32 = Workshop.time) throws -> UnsignedTrustList {
        try TrustListDraft(
            timestamp: time, digest: .sha1,
            records: [.token(Workshop.firstToken), .token(Workshop.secondToken)]
        ).unsigned(for: Workshop.secondToken)
    }

    private static func request(time: UInt32 = Workshop.time) throws -> SigningRequest {
        try SigningRequest(
            list(time: time), replacing: nil, askedBy: "alice@office", at: Timestamp(time), version: "0.2.0")
    }

    private static func received(_ request: SigningRequest) throws -> ReceivedRequest {
        ReceivedRequest(request, in: try JSON.document(request))
    }

    private static func answer(to received: ReceivedRequest) throws -> SigningAnswer {
        try SigningAnswer(
            to: received, by: token, author: "bob@safe", at: Timestamp(Workshop.time + 60), version: "0.2.0")
    }

    private func code(_ body: () throws -> Void) -> AnswerError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? AnswerError)?.code }
    }

    @Test func theAnswerMakesTheSameFileAsTheTokenWould() throws {
        let received = try Self.received(Self.request())
        let there = try Self.answer(to: received)
        let verified = try VerifiedAnswer(there, to: received)
        let here = try TrustListDraft(
            timestamp: Workshop.time, digest: .sha1,
            records: [.token(Workshop.firstToken), .token(Workshop.secondToken)]
        ).signed(by: Self.token)
        #expect(verified.list == here)
        #expect(there.signedBy == "bob@safe" && there.signed == Timestamp(Workshop.time + 60))
        // It signs that, and nothing else.
        let signer = AnsweredSigner(verified)
        let (list, other) = (try Self.list(), try Self.list(time: Workshop.time + 1))
        #expect(try signer.sign(list.message, digest: .sha1) == here.header.signature)
        #expect(code { _ = try signer.sign(other.message, digest: .sha1) } == .answerDiffers)
        #expect(code { _ = try signer.sign(list.message, digest: .sha256) } == .answerDiffers)
    }

    @Test func aRequestSurvivesItsFile() throws {
        let request = try Self.request()
        #expect(try JSON.decode(SigningRequest.self, from: JSON.document(request)) == request)
        #expect(try UnsignedTrustList(decoding: request.list.bytes) == request.list)
        // A list that has a signature, or another signer's length, is not one.
        let signed = try VerifiedAnswer(Self.answer(to: Self.received(request)), to: Self.received(request)).list
        #expect(throws: TrustListError.self) { try UnsignedTrustList(decoding: signed.encoded()) }
        #expect(throws: TrustListError.self) { try UnsignedTrustList(decoding: request.list.bytes + [0]) }
    }

    /// Every byte of the request's file, changed: it cannot be read, or the answer is not one to it.
    @Test func noByteOfARequestCanBeChanged() throws {
        let request = try Self.request()
        let bytes = try JSON.document(request)
        let answer = try Self.answer(to: ReceivedRequest(request, in: bytes))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            guard let other = try? JSON.decode(SigningRequest.self, from: changed) else { continue }
            let received = ReceivedRequest(other, in: changed)
            #expect(code { _ = try VerifiedAnswer(answer, to: received) } == .answerDiffers, "byte \(index)")
            // Whoever also changes what the answer says it is for, has no seal for that.
            let forged = SigningAnswer(
                request: received.sha256, message: answer.message, certificate: answer.certificate,
                signature: answer.signature, signedBy: answer.signedBy, signed: answer.signed,
                version: answer.version, seal: answer.seal)
            #expect(code { _ = try VerifiedAnswer(forged, to: received) } != nil, "byte \(index)")
        }
    }

    /// Every byte of the answer's file, changed in two ways: it cannot be read, or is refused, or says the same.
    @Test func noByteOfAnAnswerCanBeChanged() throws {
        let received = try Self.received(Self.request())
        let answer = try Self.answer(to: received)
        let bytes = try JSON.document(answer)
        #expect(try SigningAnswer(reading: bytes, to: received) == answer)
        var refused = 0
        for index in bytes.indices {
            for bit in [UInt8(1), 32] {
                var changed = bytes
                changed[index] ^= bit
                guard let read = try? SigningAnswer(reading: changed, to: received) else { continue }
                if read == answer { continue }
                refused += 1
                let found = code { _ = try VerifiedAnswer(read, to: received) }
                #expect(found == .answerDiffers || found == .answerRefused, "byte \(index), bit \(bit)")
            }
        }
        #expect(refused > 500)
    }

    /// The answer of one token is not one of another, and its seal is for one signature.
    @Test func partsOfTwoAnswersMakeNone() throws {
        let (received, later) = (
            try Self.received(Self.request()), try Self.received(Self.request(time: 1_800_000_000))
        )
        let (one, two) = (try Self.answer(to: received), try Self.answer(to: later))
        #expect(code { _ = try VerifiedAnswer(two, to: received) } == .answerDiffers)
        func mixed(signature: [UInt8], seal: [UInt8]) -> SigningAnswer {
            SigningAnswer(
                request: one.request, message: one.message, certificate: one.certificate, signature: signature,
                signedBy: one.signedBy, signed: one.signed, version: one.version, seal: seal)
        }
        #expect(
            code { _ = try VerifiedAnswer(mixed(signature: one.signature, seal: one.seal), to: received) } == nil)
        #expect(
            code { _ = try VerifiedAnswer(mixed(signature: two.signature, seal: one.seal), to: received) }
                == .answerRefused)
        #expect(
            code { _ = try VerifiedAnswer(mixed(signature: one.signature, seal: two.seal), to: received) }
                == .answerRefused)
        #expect(code { _ = try VerifiedAnswer(mixed(signature: [], seal: one.seal), to: received) } == .answerRefused)
        // Sealed again by the right key, but with a signature that is not the list's.
        let unsealed = mixed(signature: two.signature, seal: [])
        let resealed = mixed(
            signature: two.signature, seal: try Self.token.sign(unsealed.statement, digest: .sha256))
        #expect(code { _ = try VerifiedAnswer(resealed, to: received) } == .answerRefused)
        let stranger = try SoftwareSigner(certificate: Workshop.firstToken, key: Workshop.firstTokenKey)
        #expect(
            code {
                _ = try SigningAnswer(to: received, by: stranger, author: "eve", at: .now, version: "1")
            } == .requestUnusable)
    }

    @Test func theAnswerIsTypedIn() throws {
        let received = try Self.received(Self.request())
        let answer = try Self.answer(to: received)
        let lines = AnswerText.lines(of: answer)
        #expect(lines[0] == "ETB1" && lines.allSatisfy { $0.utf8.count <= 42 })
        let line = AnswerText.line(of: answer)
        #expect(line.utf8.allSatisfy(Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8).contains))
        for text in [
            lines.joined(separator: "\n"), lines.joined(separator: "\r\n") + "\r\n\r\n", line, line.lowercased(),
            "  " + lines.joined(separator: " ") + "\n",
        ] {
            #expect(try SigningAnswer(reading: Array(text.utf8), to: received) == answer)
        }
        // It names what it is for.
        let other = try Self.received(Self.request(time: 1_800_000_000))
        #expect(code { _ = try SigningAnswer(reading: Array(line.utf8), to: other) } == .answerDiffers)
        // A wrong character is found in its line, but for one in a thousand, which the seal finds.
        var found = 0
        for (index, character) in line.enumerated() where index >= 4 {
            var typed = Array(line)
            typed[index] = character == "A" ? "B" : "A"
            do {
                let read = try SigningAnswer(reading: Array(String(typed).utf8), to: received)
                #expect(code { _ = try VerifiedAnswer(read, to: received) } != nil, "character \(index)")
            } catch {
                let place = "Line \((index - 4) / 34 + 1) after ETB1 "
                if error.code == .answerUnusable, error.text.localized.hasPrefix(place) { found += 1 }
            }
        }
        #expect(found * 100 > (line.count - 4) * 97)
        // So are lines that are missing, or come in another order.
        for text in [
            lines.dropLast().joined(), (lines.prefix(2) + lines.dropFirst(3)).joined(),
            ([lines[0], lines[2], lines[1]] + lines.dropFirst(3)).joined(), String(line.dropLast(1)), "ETB1", "",
            "hello", line + line,
        ] {
            #expect(code { _ = try SigningAnswer(reading: Array(text.utf8), to: received) } == .answerUnusable)
        }
    }

    @Test func base32IsThatOfTheRFC() {
        for (plain, text) in [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            #expect(Base32.text(Array(plain.utf8)) == text && Base32.bytes(Array(text.utf8)) == Array(plain.utf8))
            #expect(Base32.length(of: plain.utf8.count) == text.utf8.count)
        }
        for text in ["M", "MZ2", "MZXW6YTBO1", "MZXW6===", "mzxw6", "MZXW6YTBOJ"] {
            #expect(Base32.bytes(Array(text.utf8)) == nil, "\(text)")
        }
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        #expect(Base32.bytes(Array(Base32.text(bytes).utf8)) == bytes)
    }
}
