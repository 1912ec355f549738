/// A phone of a lab, as `cluster-lab phones` shows it.
public struct LabPhone: Codable, Sendable, Hashable {
    public let name: String
    /// As named in the database.
    public let model: String
    public let pool: String
    /// The CallManager group.
    public let group: String
    public let registeredAt: String?
    public let starts: Int
    /// SHA-1 of the CTL file that it holds.
    public let ctlSHA1: String?
    public let itlSHA1: String?
    /// The outcome for the CTL file at the last start.
    public let ctlOutcome: String?
    /// The rule of docs/phone-acceptance.md, 1 to 4.
    public let ctlRule: Int?
    public let ctlReason: String?
}

extension LabCluster {
    /// Every phone.
    var allPhones: [LabPhone] {
        var all = phones.map { phone in
            let pool = plan.pool(of: phone.plan)
            let state = phone.state
            return LabPhone(
                name: phone.plan.name, model: phone.plan.model.product, pool: pool?.name ?? "",
                group: pool?.group ?? "", registeredAt: state.registeredAt, starts: state.starts,
                ctlSHA1: phone.heldCTL.map { HeldFiles.File($0).sha1 },
                itlSHA1: phone.heldITL.map { HeldFiles.File($0).sha1 }, ctlOutcome: state.ctl?.kind.rawValue,
                ctlRule: state.ctl?.rule, ctlReason: state.ctl?.reason)
        }
        all.reserveCapacity(all.count + plan.population.count)
        let groups = Dictionary(
            plan.population.pools.map { ($0.name, $0.group) }, uniquingKeysWith: { first, _ in first })
        crowd.visit { [plan] _, name, kind, phone in
            let outcome = crowd.outcome(phone.ctlOutcome)
            all.append(
                LabPhone(
                    name: name, model: kind.model.product, pool: kind.pool, group: groups[kind.pool] ?? "",
                    registeredAt: phone.registeredAt < 0 ? nil : plan.nodes[Int(phone.registeredAt)].name,
                    starts: Int(phone.starts), ctlSHA1: crowd.file(phone.ctl)?.sha1,
                    itlSHA1: crowd.file(phone.itl)?.sha1,
                    ctlOutcome: outcome?.kind.rawValue, ctlRule: outcome?.rule, ctlReason: outcome?.reason))
        }
        return all
    }
}
