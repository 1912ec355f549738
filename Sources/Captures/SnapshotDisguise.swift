import Basics
import Messages
import Operations
import X509

extension Disguise {
    /// The same snapshot in other names.
    func disguised(_ original: ClusterSnapshot) throws -> ClusterSnapshot {
        var snapshot = original
        let names = pseudonyms
        func data(_ text: String) -> String { names.scan(text, .data) }
        snapshot.cluster = data(original.cluster)
        snapshot.nodes = try original.nodes.map { original in
            var node = original
            node.name = data(original.name)
            node.address = data(original.address)
            node.ctl = try original.ctl.flatMap { try list($0) }
            node.itl = try original.itl.flatMap { try list($0) }
            node.certificates = try original.certificates.map { original in
                var certificate = original
                certificate.subject = original.subject.map(data)
                certificate.serialNumber = original.serialNumber.map { names.scan($0) }
                certificate.der = try original.der.flatMap { try remade($0) }
                return certificate
            }
            return node
        }
        snapshot.trust = try original.trust.map { original in
            var certificate = original
            certificate.name = names.scan(original.name)
            certificate.der = try original.der.flatMap { try remade($0) }
            return certificate
        }
        if var phones = original.phones {
            for index in phones.groups.indices {
                phones.groups[index].name = data(phones.groups[index].name)
                phones.groups[index].members = phones.groups[index].members.map(data)
            }
            for index in phones.pools.indices {
                phones.pools[index].name = data(phones.pools[index].name)
                phones.pools[index].group = data(phones.pools[index].group)
            }
            phones.kinds = phones.kinds.map { original in
                var kind = original
                kind.pool = data(original.pool)
                kind.profile = names.scan(original.profile, .models)
                return kind
            }
            snapshot.phones = phones
        }
        snapshot.gaps = original.gaps.map { .verbatim(names.scan($0.text(in: .english))) }
        return snapshot
    }

    private func list(_ text: String) throws -> String? {
        try [UInt8](base64: text).flatMap { try trustLists.remake($0) }.map(base64)
    }

    private func remade(_ text: String) throws -> String? {
        try [UInt8](base64: text).flatMap { try certificates.remake($0) }.map(base64)
    }
}
