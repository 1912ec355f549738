import Foundation
import ServerFixtures
import Testing
import X509

@testable import ClusterLab

/// The many phones of a lab.
@Suite(.waiting, .timeLimit(.minutes(10))) struct CrowdTests {
    @Test(arguments: [UInt16(0), 1, 0xffff]) func everyPhoneIsFoundByItsName(seed: UInt16) {
        let population = PhonePopulation.usual(20000, nodes: ["pub", "sub"], seed: seed)
        #expect(population.count == 20000)
        var names: Set<String> = []
        for index in 0..<20000 {
            let name = population.name(index, isSoftware: false)
            #expect(name.count == 15)
            if population.index(inName: name) != index { Issue.record("\(name) is not \(index)") }
            names.insert(name)
        }
        #expect(names.count == 20000)
        #expect(population.index(inName: population.name(20000, isSoftware: false)) == nil)
        #expect(population.index(inName: "SEP000000000000") == nil)
        #expect(population.index(inName: "SEP") == nil)
    }

    @Test func sharesAddUp() {
        #expect(PhonePopulation.split(10, by: [1, 1, 1]) == [4, 3, 3])
        #expect(PhonePopulation.split(0, by: [5, 1]) == [0, 0])
        for count in [1, 7, 117, 9997] {
            let population = PhonePopulation.usual(count, nodes: ["a", "b", "c", "d"], seed: 3)
            #expect(population.count == count)
            #expect(population.groups.map { $0.members[0] } == ["a", "b", "c"])
            #expect(population.groups.allSatisfy { $0.members.count == 3 })
        }
    }

    /// The pools ask different servers: with those of some down, these phones alone are refused.
    @Test func tenThousandPhones() async throws {
        try await RunningLab.with(["--phones", "10000", "--nodes", "3"]) { lab in
            var status = try await lab.status()
            #expect(status.phones.count == 3 && status.crowd.reduce(0) { $0 + $1.count } == 9997)
            #expect(Set(status.crowd.map(\.pool)).count == 6 && Set(status.crowd.map(\.model)).count == 16)
            let held = Set(status.crowd.map(\.ctlSHA1))
            #expect(held.count == 3, "the present file, a former one, none")
            let memory = try String(
                contentsOfFile: "/proc/\(try status.process.required("process"))/status", encoding: .utf8)
            let peak = memory.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split { !$0.isNumber }.first
            #expect(Int(peak ?? "") ?? .max < 250_000, "kB")

            // Too much at once is refused, and pages are returned.
            let query =
                "select d.name, p.name as pool from device d, devicepool p where d.fkdevicepool=p.pkid and d.tkclass=1"
            // The limit is 8 MB: every phone with every model.
            let product = "select d.name, m.name as model from device d, typemodel m where d.tkclass=1"
            let whole = try await lab.client("soap", "axl", "executeSQLQuery", "sql", product)
            #expect("\(whole)".contains("Suggested row fetch: less than"), "\("\(whole)".prefix(300))")
            let page =
                query.replacing("select ", with: "select skip 100 first 5 ")
                + " and p.name = 'Warszawa' order by d.name"
            let names = try await lab.client("soap", "axl", "executeSQLQuery", "sql", page)
            #expect("\(names)".components(separatedBy: "Warszawa").count == 6, "\(names)")

            let known = 3 + status.crowd.filter { $0.ctlOutcome != nil }.reduce(0) { $0 + $1.count }
            let devices = try await lab.client("soap", "ris", "*")
            #expect(devices["total"] as? Int == known && known < 10000, "\(known)")
            #expect(devices["count"] as? Int == 1000, "no more at once")
            try await lab.fault(RunningLab.publisher, "throttle", "--delay", "50")
            for _ in 0..<15 { #expect(try await lab.client("soap", "ris", "SEP1*")["status"] as? Int == 200) }
            let refused = try await lab.client("soap", "ris", "SEP1*")
            #expect((refused["fault"] as? String)?.contains("Exceeded allowed rate") == true)
            try await lab.fault(RunningLab.publisher, "none")

            // A file by someone whom TVS alone can vouch for, and only the third node's service runs.
            let token = try TestToken("SAST-ADN0054f509")
            let new = try token.ctl(try lab.served(RunningLab.publisher))
            let nodes = status.nodes.map(\.name)
            try await lab.deploy(new, to: nodes)
            for node in nodes.prefix(2) {
                _ = try await lab.type(["utils service stop Cisco Trust Verification Service", "exit"], at: node)
            }
            let pem = try lab.file(Array(token.certificate.pem.utf8))
            _ = try await lab.client("osadmin", RunningLab.publisher, "certificate", "Phone-SAST-trust", pem)
            status = try await lab.restartCrowd("--everyone")
            for part in status.crowd {
                let hasSecurityByDefault =
                    !["Jabber", "TelePresence", "7960", "7940", "6901", "Client Services"].contains {
                        part.model.contains($0)
                    }
                if part.ctlReason?.contains("first use") == true { continue }
                #expect(
                    part.ctlOutcome == (hasSecurityByDefault ? "accepted" : "refused"), "\(part)")
            }

            // Nobody vouches for the next one. All phones that know the first token accept its next file.
            try await lab.fault(nodes[2], "down")
            let other = try TestToken("SAST-ADN008580ef")
            try await lab.deploy(try other.ctl(try lab.served(RunningLab.publisher)), to: Array(nodes.prefix(2)))
            status = try await lab.restartCrowd()
            let outcomes = Set(status.crowd.filter(\.isRegistered).map(\.ctlOutcome))
            #expect(outcomes == ["refused"])
            #expect(status.crowd.contains { $0.ctlReason?.contains("no TVS server answers") == true })
            #expect(Set(status.crowd.filter(\.isRegistered).compactMap(\.ctlSHA1)).count == 3)
        }
    }

    @Test func whatTheyHoldSurvivesAStop() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory, "--phones", "300"]).status == 0)
            var lab = try RunningLab(directory: directory)
            try await lab.deploy(try TestToken("SAST-ADN0054f509").ctl(try lab.served(RunningLab.publisher)))
            _ = try await lab.restartCrowd()
            let before = try await RunningLab.cli(["phones", directory]).output.split(separator: "\n").dropFirst(4)
            #expect(before.count == 297)
            #expect(before.contains { $0.contains(",accepted,3,TVS vouches for the signer") })
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            #expect(try await RunningLab.cli(["up", directory, "--phones", "300"]).status == 0)
            lab = try RunningLab(directory: directory)
            let after = try await RunningLab.cli(["phones", directory]).output.split(separator: "\n").dropFirst(4)
            #expect(after == before)
            #expect(try await RunningLab.cli(["down", directory, "--delete"]).status == 0)
            #expect(!FileManager.default.fileExists(atPath: directory))
        }
    }
}

extension RunningLab {
    /// Restarts the many phones, and waits until they are done.
    func restartCrowd(_ options: String...) async throws -> LabStatus {
        let started = try await Self.cli(["phones", directory, "--restart"] + options)
        guard started.status == 0 else { throw Missing(description: started.errors) }
        var status = try await status()
        try await waitUntil("the phones have started") {
            status = try await self.status()
            return status.restarting == 0
        }
        return status
    }
}
