import Cluster
import Configuration
import Glibc
import Messages
import ServerFixtures
import Testing
import Transfers

/// Reading trust lists as phones do, and phones' pages.
@Suite(.waiting, .timeLimit(.minutes(10))) struct DistributionTests {
    let tftp: TFTPServer
    let httpFolder = TemporaryFolder()
    let web: PythonServer

    init() throws {
        web = try PythonServer(script: "phone-web.py", arguments: [httpFolder.path])
        tftp = try TFTPServer(address: web.address)
    }

    func host(tftpPort: UInt16? = nil) -> any TrustListHost {
        let node = NodeConfiguration(
            name: "node", address: web.address, tftpPort: tftpPort ?? tftp.port, httpPort: web.port)
        let cluster = ClusterClient(ClusterConfiguration(name: "c", nodes: [node]))
        return cluster.trustListHost(node)
    }

    @Test func bothWaysHaveToAgree() throws {
        #expect(try host().fetch(.ctl) == nil)
        let file = [UInt8](repeating: 7, count: 4947)
        tftp.folder.write("CTLFile.tlv", file, mode: 0o644)
        let error = #expect(throws: ClusterError.self) { try host().fetch(.ctl) }
        #expect(error?.code == .mismatch)
        #expect(error?.expected?.localized == "over TFTP 4947 bytes" && error?.found?.localized == "over HTTP no file")
        httpFolder.write("CTLFile.tlv", file)
        #expect(try host().fetch(.ctl) == file)
        #expect(try host().fetch(.itl) == nil)
    }

    @Test func writingNeedsAnAccount() throws {
        let deploy = #expect(throws: ClusterError.self) { try host().deploy([1]) }
        #expect(deploy?.code == .configuration)
        let delete = #expect(throws: ClusterError.self) { try host().delete() }
        #expect(delete?.code == .configuration)
    }

    @Test func phonesShowWhatTheyHold() throws {
        let page = PhonePage(address: web.address, port: web.port, phone: "SEPB000B4BA0AEE")
        let information = try page.information()
        #expect(information.name == "SEPB000B4BA0AEE" && information.model == "CP-7975G")
        let lists = try page.trustLists()
        #expect(lists.ctl == "1d97d9089dd558a062cccfcb1dc4c57f" && lists.itl == nil)
        #expect(PhoneTrustLists.matches("01FF", md5: [1, 255], sha1: [1, 2, 3]))
        #expect(PhoneTrustLists.matches("010203", md5: [1, 255], sha1: [1, 2, 3]))
        #expect(!PhoneTrustLists.matches("0102", md5: [1, 255], sha1: [1, 2, 3]))
        #expect(!PhoneTrustLists.matches("", md5: [1, 255], sha1: [1, 2, 3]))
        let port = try Loopback.port(on: "127.77.1.4")
        let gone = #expect(throws: ClusterError.self) { try PhonePage(address: "127.77.1.4", port: port).information() }
        // An address that is more than one asks nobody for anything.
        for address in ["127.0.0.93/admin/reboot?x=", "\(web.address):\(web.port)/x", "u@\(web.address)", "", "a b"] {
            let error = #expect(throws: ClusterError.self) {
                try PhonePage(address: address, port: web.port).information()
            }
            #expect(error?.code == .unexpectedAnswer && error?.message.localized.contains("address") == true)
        }
        #expect(gone?.code == .unreachable)
    }
}
