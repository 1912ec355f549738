import ServerFixtures
import Testing

@testable import ClusterLab

@Suite(.waiting, .timeLimit(.minutes(10))) struct MultipartTests {
    private let type = "multipart/form-data; boundary=\"AaB03x\""

    private func parse(_ body: String, type: String? = nil) -> Multipart? {
        Multipart(contentType: type ?? self.type, body: Array(body.utf8))
    }

    private let good = """
        --AaB03x\r\nContent-Disposition: form-data; name="directory"\r\n\r\n/x\r\n\
        --AaB03x\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain\r\n\r\n\
        \r\n--AaB03\r\n\r\n\r\n--AaB03x--\r\n
        """

    @Test func fields() throws {
        let form = try #require(parse(good))
        #expect(form.parts.count == 2)
        #expect(form.text("directory") == "/x")
        #expect(form.part("file")?.fileName == "a b.txt")
        #expect(form.part("file")?.content == Array("\r\n--AaB03\r\n\r\n".utf8))
    }

    @Test func everyCutIsRefusedAndNoneCrashes() {
        let bytes = Array(good.utf8)
        for length in 0..<(bytes.count - 4) {
            #expect(Multipart(contentType: type, body: Array(bytes.prefix(length))) == nil)
        }
    }

    @Test(arguments: [
        "", "--AaB03x", "--AaB03x\r\n\r\n\r\n--AaB03x--", "--AaB03x\r\n\r\n", "--AaB03x\r\n\r\n\r\n\r\n--AaB03xfoo",
        "--AaB03x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--AaB03x--",
        "--AaB03x\r\nContent-Disposition: attachment; name=x\r\n\r\nx\r\n--AaB03x--",
    ])
    func malformedBodies(body: String) { #expect(parse(body) == nil) }

    @Test func otherTypes() {
        #expect(parse(good, type: "text/plain") == nil)
        #expect(parse(good, type: "multipart/form-data") == nil)
        #expect(parse(good, type: "multipart/form-data; boundary=") == nil)
    }
}
