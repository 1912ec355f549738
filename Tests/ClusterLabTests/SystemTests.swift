import Glibc
import Testing

@testable import ClusterLab

/// What the lab needs of the machine, and says where that is not there.
@Suite(.timeLimit(.minutes(1))) struct SystemTests {
    @Test func aPortThatSomebodyHas() throws {
        let address = "127.77.3.1"
        let port = try Sockets.freePort(.tcp, on: address)
        let descriptor = try Sockets.listen(address, port)
        defer { close(descriptor) }
        #expect(!Sockets.isFree(.tcp, address, port))
        let error = #expect(throws: LabError.self) { try Sockets.listen(address, port) }
        #expect(error?.code == .portTaken && error?.message.contains("\(address) port \(port)") == true)
    }

    @Test func aProgramThatIsNotInstalled() {
        let error = #expect(throws: LabError.self) { try Programs.path("a-program-that-nobody-has") }
        #expect(error?.code == .missingProgram)
        #expect(error?.message.contains("install the package a-program-that-nobody-has") == true)
        #expect(throws: Never.self) { try Programs.check() }
    }
}
