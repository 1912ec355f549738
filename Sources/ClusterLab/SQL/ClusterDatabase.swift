/// The cluster's configuration database: the tables that its administrators' tools read.
extension LabCluster {
    /// As seen by a node.
    func database(at node: NodeRuntime) -> SQLDatabase {
        var database = SQLDatabase(tables: [
            "processnode": processNodes,
            "processconfig": processConfiguration(securityMode: securityMode(at: node)),
            "processnodeservice": processNodeServices,
            "typeservice": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: Service.allCases.map { ["\($0.number)", $0.rawValue, "SERVICE_\($0)".uppercased()] }),
            "device": phoneTables.devices,
            "typemodel": phoneTables.models,
            "devicepool": phoneTables.pools,
            "callmanagergroup": phoneTables.groups,
            "callmanagergroupmember": phoneTables.members,
            "callmanager": SQLDatabase.Table(
                columns: ["pkid", "name", "fkprocessnode", "ctiid"],
                rows: plan.nodes.enumerated().map { index, node in
                    [
                        PhoneTables.key("callmanager", index), "CM_\(node.name)",
                        PhoneTables.key("processnode", index + 1), "\(index + 1)",
                    ]
                }),
            "securityprofile": phoneTables.profiles,
            "location": phoneTables.locations,
            "enduser": phoneTables.users,
            "typedevicesecuritymode": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: [
                    ["1", "Non Secure", "DEVICE_SECURITY_MODE_NONE"],
                    ["2", "Authenticated", "DEVICE_SECURITY_MODE_AUTHENTICATED"],
                    ["3", "Encrypted", "DEVICE_SECURITY_MODE_ENCRYPTED"],
                ]),
            "typeclass": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: [["1", "Phone", "CLASS_PHONE"], ["8", "Media Termination Point", "CLASS_MTP"]]),
            "typedeviceprotocol": SQLDatabase.Table(
                columns: ["enum", "name", "moniker"],
                rows: [["0", "SCCP", "DEVICE_PROTOCOL_SCCP"], ["11", "SIP", "DEVICE_PROTOCOL_SIP"]]),
        ])
        database.lazily = ["devicenumplanmap": phoneTables.lines, "numplan": phoneTables.numbers]
        database.unchanging = [
            "device", "typemodel", "devicepool", "callmanagergroup", "callmanagergroupmember", "securityprofile",
            "location",
            "enduser", "typeclass", "typedeviceprotocol", "devicenumplanmap", "numplan",
        ]
        database.index = phoneTables.index
        return database
    }

    private var processNodes: SQLDatabase.Table {
        // The first row is not a node: it contains what is set for the whole enterprise.
        let enterprise: [String?] = [
            "00000000-1111-0000-0000-000000000000", "EnterpriseWideData", "1", nil, "t", "1", "1",
        ]
        return SQLDatabase.Table(
            columns: ["pkid", "name", "nodeid", "description", "systemnode", "tknodeusage", "tkprocessnoderole"],
            rows: [enterprise]
                + plan.nodes.enumerated().map { index, node in
                    [
                        PhoneTables.key("processnode", index + 1), plan.databaseName(node), "\(index + 2)",
                        node.address, "f",
                        node.isPublisher ? "0" : "1", "1",
                    ]
                })
    }

    private func processConfiguration(securityMode: Int) -> SQLDatabase.Table {
        SQLDatabase.Table(
            columns: ["pkid", "paramname", "paramvalue", "tkservice"],
            rows: [
                [PhoneTables.key("processconfig", 1), "ClusterID", "StandAloneCluster", "11"],
                [PhoneTables.key("processconfig", 2), "ClusterSecurityMode", "\(securityMode)", "11"],
                [PhoneTables.key("processconfig", 3), "RollBackToPre80", "F", "11"],
            ])
    }

    private var processNodeServices: SQLDatabase.Table {
        var rows: [[String?]] = []
        for (index, node) in nodes.enumerated() {
            for service in Service.allCases where service == .tftp || service.runs(on: node.plan) {
                // A service that was deactivated keeps its row.
                let isActive = service.runs(on: node.plan) ? "t" : "f"
                rows.append([
                    PhoneTables.key("processnodeservice", index * 1000 + service.number),
                    PhoneTables.key("processnode", index + 1),
                    "\(service.number)", isActive, isActive,
                ])
            }
        }
        return SQLDatabase.Table(columns: ["pkid", "fkprocessnode", "tkservice", "enable", "isactive"], rows: rows)
    }
}
