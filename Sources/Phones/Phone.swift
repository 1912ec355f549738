/// A phone of the cluster.
public struct Phone: Hashable, Sendable {
    /// Device name, `SEP` and the MAC address.
    public let name: String
    public let model: PhoneModel
    /// Where its web page answers, if known.
    public var address: String?
    /// Whether it is currently registered, if known.
    public var isRegistered: Bool?
    /// The node at which it is registered, by its name in the configuration; nil if it is not, or if that is not known.
    public var node: String?
    /// What phones share; nil if it was not read.
    public var place: PhonePlace?

    public init(
        name: String, model: PhoneModel, address: String?, isRegistered: Bool?, node: String? = nil,
        place: PhonePlace? = nil
    ) {
        self.name = name
        self.model = model
        self.address = address
        self.isRegistered = isRegistered
        self.node = node
        self.place = place
    }
}

/// Where a phone belongs: one of these is shared by all phones of the same device pool, profile and firmware, so that
/// 40,000 phones take little memory.
public final class PhonePlace: Hashable, Sendable {
    /// Device pool.
    public let devicePool: String
    /// The device pool's CallManager group.
    public let callManagerGroup: String
    /// The nodes of the group by priority: the phones' TVS servers, in the order in which they ask.
    public let servers: [String]
    /// Device security profile.
    public let securityProfile: String
    /// The firmware load that is set for it, if any.
    public let firmware: String?

    public init(
        devicePool: String, callManagerGroup: String, servers: [String], securityProfile: String, firmware: String?
    ) {
        self.devicePool = devicePool
        self.callManagerGroup = callManagerGroup
        self.servers = servers
        self.securityProfile = securityProfile
        self.firmware = firmware
    }

    private var parts: [String] { [devicePool, callManagerGroup, securityProfile, firmware ?? ""] + servers }

    public static func == (left: PhonePlace, right: PhonePlace) -> Bool {
        left === right || left.parts == right.parts
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}
