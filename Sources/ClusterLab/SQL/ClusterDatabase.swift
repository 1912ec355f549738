/// The cluster's configuration database: the tables that its administrators' tools read.
extension LabCluster {
    /// As a node has it.
    func database(at node: NodeRuntime) -> SQLDatabase {
        SQLDatabase(tables: [
            "processnode": processNodes,
            "processconfig": processConfiguration(securityMode: securityMode(at: node)),
            "processnodeservice": processNodeServices,
            "typeservice": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: Service.allCases.map { ["\($0.number)", $0.rawValue, "SERVICE_\($0)".uppercased()] }),
            "device": devices,
            "typemodel": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: [PhoneModel.cp7960, .cp7975, .cp8861].map { ["\($0.number)", $0.product, "MODEL_\($0.product)"] }),
            "devicepool": SQLDatabase.Table(
                columns: ["pkid", "name", "fkcallmanagergroup"],
                rows: [[Self.key("devicepool", 1), "Default", Self.key("callmanagergroup", 1)]]),
            "callmanagergroup": SQLDatabase.Table(
                columns: ["pkid", "name"], rows: [[Self.key("callmanagergroup", 1), "Default"]]),
            "callmanagergroupmember": SQLDatabase.Table(
                columns: ["pkid", "fkcallmanagergroup", "fkcallmanager", "priority"],
                rows: plan.nodes.indices.map { index in
                    [
                        Self.key("callmanagergroupmember", index), Self.key("callmanagergroup", 1),
                        Self.key("callmanager", index), "\(index)",
                    ]
                }),
            "callmanager": SQLDatabase.Table(
                columns: ["pkid", "name", "fkprocessnode"],
                rows: plan.nodes.enumerated().map { index, node in
                    [Self.key("callmanager", index), "CM_\(node.name)", Self.key("processnode", index + 1)]
                }),
        ])
    }

    private var processNodes: SQLDatabase.Table {
        // The first row is not a node: it holds what is set for the whole enterprise.
        let enterprise: [String?] = [
            "00000000-1111-0000-0000-000000000000", "EnterpriseWideData", "1", nil, "t", "1", "1",
        ]
        return SQLDatabase.Table(
            columns: ["pkid", "name", "nodeid", "description", "systemnode", "tknodeusage", "tkprocessnoderole"],
            rows: [enterprise]
                + plan.nodes.enumerated().map { index, node in
                    [
                        Self.key("processnode", index + 1), node.name, "\(index + 2)", node.address, "f",
                        node.isPublisher ? "0" : "1", "1",
                    ]
                })
    }

    private func processConfiguration(securityMode: Int) -> SQLDatabase.Table {
        SQLDatabase.Table(
            columns: ["pkid", "paramname", "paramvalue", "tkservice"],
            rows: [
                [Self.key("processconfig", 1), "ClusterID", "StandAloneCluster", "11"],
                [Self.key("processconfig", 2), "ClusterSecurityMode", "\(securityMode)", "11"],
                [Self.key("processconfig", 3), "RollBackToPre80", "F", "11"],
            ])
    }

    private var processNodeServices: SQLDatabase.Table {
        var rows: [[String?]] = []
        for (index, node) in nodes.enumerated() {
            for service in Service.allCases where service == .tftp || service.runs(on: node.plan) {
                // A service that was deactivated keeps its row.
                let isActive = service.runs(on: node.plan) ? "t" : "f"
                rows.append([
                    Self.key("processnodeservice", index * 1000 + service.number), Self.key("processnode", index + 1),
                    "\(service.number)", isActive, isActive,
                ])
            }
        }
        return SQLDatabase.Table(columns: ["pkid", "fkprocessnode", "tkservice", "enable", "isactive"], rows: rows)
    }

    private var devices: SQLDatabase.Table {
        SQLDatabase.Table(
            columns: ["pkid", "name", "description", "tkmodel", "tkclass", "tkdeviceprotocol", "fkdevicepool"],
            rows: plan.phones.enumerated().map { index, phone in
                [
                    Self.key("device", index + 1), phone.name, "Lab \(phone.model.rawValue)", "\(phone.model.number)",
                    "1",
                    phone.model == .cp8861 ? "11" : "0", Self.key("devicepool", 1),
                ]
            } + [
                // Not a phone: class 8 is a media resource.
                [
                    Self.key("device", 900), "MTP_2", "MTP_\(plan.publisher.name)", "110", "8", "0",
                    Self.key("devicepool", 1),
                ]
            ])
    }

    /// A key that stays the same from one answer to the next.
    private static func key(_ table: String, _ number: Int) -> String {
        let mark = table.utf8.reduce(UInt32(5381)) { ($0 &* 33) ^ UInt32($1) }
        let head = String(mark, radix: 16)
        let tail = String(number, radix: 16)
        return String(repeating: "0", count: 8 - head.count) + head + "-0000-4000-8000-"
            + String(repeating: "0", count: 12 - tail.count) + tail
    }
}
