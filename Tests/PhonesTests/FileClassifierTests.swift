import Basics
import Messages
import Phones
import Testing
import X509

/// Which file a phone displays.
@Suite(.timeLimit(.minutes(5))) struct FileClassifierTests {
    private let old: [UInt8] = [1]
    private let new: [UInt8] = [2]

    private func codes(_ classifier: FileClassifier) -> [HeldFile.Code] {
        [nil, .notInstalled].map { classifier.code(of: $0) }
            + [Digest.md5(old), Digest.sha1(old), Digest.md5(new), Digest.sha1(new), Digest.sha1([3])].map {
                classifier.code(of: .checksum($0.hex))
            }
    }

    @Test func bothChecksumsAreKnown() {
        #expect(
            codes(FileClassifier(present: old))
                == [.notKnown, .noFile, .presentFile, .presentFile, .otherFile, .otherFile, .otherFile])
        #expect(
            codes(FileClassifier(present: old, new: new))
                == [.notKnown, .noFile, .oldFile, .oldFile, .newFile, .newFile, .otherFile])
        #expect(
            codes(FileClassifier(present: nil, new: new))
                == [.notKnown, .noFile, .otherFile, .otherFile, .newFile, .newFile, .otherFile])
    }

    /// A change that writes the previous file once more: phones that hold it hold the new one.
    @Test func theSameFileTwiceIsTheNewOne() {
        #expect(FileClassifier(present: old, new: old).code(of: .checksum(Digest.md5(old).hex)) == .newFile)
    }
}
