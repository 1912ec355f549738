#if DEBUG
    import Basics
    import Configuration
    import FoundationEssentials
    import FuzzTargets
    import Glibc
    import Markup
    import Messages
    import TrustList
    import X509

    @testable import Cluster
    @testable import ClusterLab
    @testable import Migration
    @testable import Operations
    @testable import Phones

    /// A parser, or a command of a program, and what it is normally given.
    struct Target {
        let name: String
        let seeds: [[UInt8]]
        /// Nil for a parser. Else the programs' arguments; `{}` is the file.
        var command: [String]?
        var run: ([UInt8]) -> Void = { _ in }
        /// How many inputs out of a thousand of the whole campaign.
        var share = 40
    }

    extension Target {
        static func all(_ folder: String, corpus: String) throws -> [Target] {
            let scratch = "\(folder)/input"
            func corpusOf(_ name: String) -> [[UInt8]] {
                Files.names(in: "\(corpus)/\(name)").compactMap { try? Files.read("\(corpus)/\(name)/\($0)") }
            }
            func texts(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
            func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
            var targets = FuzzTarget.allCases.map { target in
                Target(name: "parser \(target.rawValue)", seeds: corpusOf(target.rawValue)) { target.run($0) }
            }

            // What a node prints and answers.
            let operation = localized("read")
            let pem = try Certificate(der: try Files.read("\(corpus)/verify/certificate.der")).pem
            targets += [
                Target(
                    name: "ssh run sql",
                    seeds: texts(
                        "name            paramvalue\n=============== ==========\nClusterSecurity 1\n",
                        "enum name\n==== ==========\n437  Cisco 7975\n30   Analog\n")
                ) { _ = SQLTable(commandLine: text($0))?.rows },
                Target(
                    name: "ssh show cert",
                    seeds: texts(
                        "Serial Number: 3CF9\nFrom: Wed Mar 04 14:02:00 CET 2015\nTo:   Wed Mar 04 14:02:00 CET 2030\n",
                        pem)
                ) {
                    let entry = CertificateListEntry(unit: "tomcat", name: "tomcat.pem", description: "")
                    _ = StatusAnswers.certificate(text($0), entry: entry).notAfter.map { "\($0)" }
                },
                Target(
                    name: "ssh replication",
                    seeds: texts(
                        "pub  10.48.47.153 0.052  Yes  Connected   0     match  Yes   (2) PUB Setup Completed\n")
                ) { _ = StatusAnswers.replication(text($0)) },
                Target(
                    name: "ssh lists and services",
                    seeds: texts(
                        "CallManager-trust/pub.pem: Self-signed\ntomcat/tomcat.pem: x\n",
                        "Unit: tomcat\nType: own\nName: tomcat.pem\nIssuer: x\n",
                        "Cisco Tftp[STARTED]  \nA[STOPPED] Not\n",
                        "Active Master Version: 10.5.1.10000-7\n", "files: found = 1, deleted = 1\n")
                ) {
                    let said = text($0)
                    _ = CommandAnswers.certificates(said)
                    _ = CommandAnswers.services(said)
                    _ = CommandAnswers.deletedFiles(said)
                    if let version = CommandAnswers.version(said) { _ = version < version }
                    _ = TerminalText.collapsed(said)
                },
                Target(
                    name: "axl",
                    seeds: texts(
                        "<executeSQLQueryResponse><return><row><name>SEP1</name><load/></row><row><name>SEP2</name></row></return></executeSQLQueryResponse>"
                    )
                ) { bytes in
                    guard let root = try? XMLDocument.parse(bytes, maximumSize: 32 << 20) else { return }
                    _ = try? AXLClient.table(of: root, operation: operation, node: "pub")
                    _ = AXLClient.suggestedRows(root.text)
                },
                Target(
                    name: "ris",
                    seeds: texts(
                        "<selectCmDeviceResponse><SelectCmDeviceResult><CmNodes><item><Name>pub</Name><CmDevices><item><Name>SEP1</Name><IPAddress><item><IP>127.0.0.1</IP></item></IPAddress><Model>437</Model><Status>Registered</Status></item></CmDevices></item></CmNodes></SelectCmDeviceResult></selectCmDeviceResponse>"
                    )
                ) { bytes in
                    guard let root = try? XMLDocument.parse(bytes, maximumSize: 32 << 20) else { return }
                    for phone in RISClient.phones(in: root) ?? [] {
                        _ = NodeConfiguration.isAddress(phone.address ?? "")
                    }
                },
                Target(
                    name: "rest",
                    seeds: [
                        try JSON.line([["service": "Phone-SAST-trust", "name": "a.pem", "certificate": pem]])
                    ]
                ) { _ = CertificateREST.list($0, of: "Phone-SAST-trust") },
                Target(
                    name: "phone page",
                    seeds: texts(
                        "<html><table><tr><td>CTL File</td><td>0123456789abcdef0123456789abcdef</td></tr><tr><td>ITL File</td><td>Not Installed</td></tr></table></html>",
                        "<DeviceInformation><HostName>SEP1</HostName><modelNumber>CP-7975G</modelNumber><versionID>9-3</versionID></DeviceInformation>"
                    )
                ) {
                    let page = PhonePage(address: "127.0.0.1")
                    _ = try? page.information(in: $0, operation: operation)
                    _ = try? page.trustLists(in: $0, operation: operation)
                },
            ]

            // Files.
            let (plan, journal) = try changeSeeds(folder, corpus: corpus)
            let restart = texts(
                "{\"begun\":\"2026-11-23T17:04:05Z\",\"cluster\":\"lab\",\"phones\":[\"SEP1\",\"SEP2\"],\"schema\":\"etoken-bridge-restart/1\"}\n{\"told\":\"SEP1\"}\n{\"refused\":\"SEP2\",\"reason\":\"no\"}\n"
            )
            let snapshot = texts(
                "{\"schema\": \"etoken-bridge-snapshot/1\", \"version\": \"10.5.1.10000-7\", \"nodes\": [{\"name\": \"pub\", \"address\": \"192.0.2.1\", \"publisher\": true, \"tftp\": true, \"tvs\": true, \"callManager\": true, \"certificates\": []}], \"trust\": [], \"phones\": {\"groups\": [{\"name\": \"Default\", \"members\": [\"pub\"]}], \"pools\": [{\"name\": \"a\", \"group\": \"Default\"}], \"kinds\": [{\"model\": \"Cisco 7841\", \"pool\": \"a\", \"profile\": \"b\", \"count\": 5}]}}"
            )
            let labPlan = [JSON.encode(try LabPlan.make(LabOptions(phones: 20)))]
            let state = StateFolder(path: "\(folder)/state")
            func inFile(_ bytes: [UInt8], _ body: (String) throws -> Void) {
                try? Files.write(bytes, to: scratch, replacing: true)
                try? body(scratch)
            }
            targets += [
                Target(name: "plan", seeds: [plan]) {
                    inFile($0) { path in
                        let plan = try ChangePlan.read(path)
                        precondition(!plan.id.contains("/") && plan.tokens.allSatisfy { !$0.label.isEmpty })
                        _ = try PlanTokens(of: plan, inserted: []).absent
                    }
                },
                Target(name: "journal", seeds: [journal]) {
                    inFile($0) { path in
                        let records = try Journal.read(path)
                        for seconds in records.compactMap(\.seconds) { _ = ProgressEstimate.text(seconds).localized }
                        _ = try ChangeRecord(journal: path, backups: state).html
                    }
                },
                Target(name: "restart record", seeds: restart) { bytes in
                    try? Files.makeFolder("\(folder)/restarts")
                    try? Files.write(bytes, to: "\(folder)/restarts/lab-1.jsonl", replacing: true)
                    _ = RestartRecord.unfinished(of: "lab", in: folder).newest?.left
                },
                Target(name: "snapshot", seeds: snapshot) {
                    inFile($0) { path in _ = try LabPlan.like(try Snapshot.read(path), tftpCache: false, manners: nil) }
                },
                Target(name: "lab's plan", seeds: labPlan) {
                    inFile($0) { path in
                        let plan = try LabPlan.read(path)
                        _ = (plan.axlVersions, plan.tftpNodes, plan.population.count)
                    }
                },
                Target(
                    name: "table of models",
                    seeds: texts("model,security by default,checksum,source\nCP-7975G,yes,md5,x\n")
                ) {
                    inFile($0) { path in _ = try PhoneModelTable.entries(of: path) }
                },
                Target(name: "configuration", seeds: corpusOf("configuration")) {
                    inFile($0) { path in
                        for cluster in try ConfigurationFile.load(from: path).clusters {
                            precondition(cluster.nodes.allSatisfy { NodeConfiguration.isAddress($0.address) })
                        }
                    }
                },
            ]

            targets += try signedElsewhere()

            // The programs themselves.
            let lists = corpusOf("decode") + corpusOf("verify").filter { $0.first == 1 }
            func program(_ arguments: String..., seeds: [[UInt8]]) -> Target {
                Target(name: arguments.joined(separator: " "), seeds: seeds, command: arguments, share: 1)
            }
            let bridge = "etoken-bridge"
            let place = "\(folder)/state/etoken-bridge/journals/lab-20261123T170405Z.jsonl"
            targets += [
                program(bridge, "ctl", "show", "{}", seeds: lists),
                program(bridge, "ctl", "show", "{}", "--json", seeds: lists),
                program(bridge, "ctl", "verify", "{}", seeds: lists),
                program(bridge, "ctl", "diff", "{}", "\(corpus)/decode/rsa1024-digest1.tlv", seeds: lists),
                program(bridge, "phones", "explain", "{}", seeds: corpusOf("logs")),
                program(bridge, "phones", "list", "--phones-from", "{}", seeds: corpusOf("phones")),
                program(
                    bridge, "phones", "models", "--models", "{}",
                    seeds: texts("model,security by default\nCP-7975G,yes\n")),
                program(bridge, "migrate", "run", "{}", "--dry-run", seeds: [plan]),
                Target(
                    name: "\(bridge) migrate status", seeds: [journal],
                    command: [bridge, "migrate", "status", "--cluster", "lab", "{=}\(place)"], share: 1),
                Target(
                    name: "\(bridge) migrate rollback --dry-run", seeds: [journal],
                    command: [bridge, "migrate", "rollback", "--dry-run", "--cluster", "lab", "{=}\(place)"], share: 1),
                Target(
                    name: "\(bridge) cluster list", seeds: corpusOf("configuration"),
                    command: [bridge, "cluster", "list", "{=}\(folder)/config/etoken-bridge/config.toml"], share: 1),
                Target(
                    name: "\(bridge) cluster add --lab", seeds: corpusOf("configuration"),
                    command: [bridge, "cluster", "add", "--lab", "\(folder)/lab", "{=}\(folder)/lab/cluster.toml"],
                    share: 1),
                Target(
                    name: "cluster-lab status", seeds: labPlan,
                    command: ["cluster-lab", "status", "\(folder)/old", "{=}\(folder)/old/plan.json"], share: 1),
            ]
            return targets
        }

        /// A plan and a journal, made by the code that makes them, on a certificate of the corpus.
        private static func changeSeeds(_ folder: String, corpus: String) throws -> (plan: [UInt8], journal: [UInt8]) {
            let certificate = try Certificate(der: try Files.read("\(corpus)/verify/certificate.der"))
            let tokens = [ChangePlan.Token(label: "SAST-ADN0054f509", certificate: certificate)]
            let plan = ChangePlan(
                id: "lab-20261123T170405Z", kind: .toEtoken, cluster: "lab", created: Timestamp(1_800_000_000),
                tokens: tokens, signer: 0, settings: .init(output: "\(folder)/out"),
                steps: Planner.steps(.toEtoken, tokens: tokens, signer: 0, phones: .init(), on: nil),
                world: WorldState(
                    version: "10.5.1.10000-7", mode: .mixed, nodes: ["pub", "sub"],
                    ctl: String(repeating: "a", count: 64), proof: nil,
                    itls: ["pub": String(repeating: "b", count: 64)],
                    trusted: []))
            let state = StateFolder(path: "\(folder)/seed")
            let journal = try Journal.create(plan, in: state)
            var run = JournalRecord.Run(purpose: .run, who: "tester@here", version: "0")
            run.steps = [.init(id: .backUp, title: localized("Roll back"), effect: .local)]
            try journal.append(.started, run: run)
            try journal.append(.began, step: .backUp, text: [localized("Roll back")])
            try journal.append(.proved, step: .backUp, text: [localized("Roll back")], seconds: 1.5)
            try journal.append(.fact, fact: .restarted(service: "Cisco Tftp", node: "pub"))
            try journal.append(.fact, fact: .phonesRestarted(told: ["SEP1"], refused: ["SEP2"]))
            try journal.append(.finished)
            let bytes = try Files.read(journal.path)
            try Files.removeTree(state.path)
            return (try JSON.document(plan), bytes)
        }
    }
#endif
