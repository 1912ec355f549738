/// Names of devices in CUCM's database.
public enum DeviceName {
    /// Whether a device of CUCM's class "Phone" may be one, by its name. The class has templates, whose names hold blanks,
    /// and gateways' ports, whose names hold `@` or `/`. Names of phones are not all SEP and an address: Jabber's and
    /// TelePresence's are others.
    public static func canBePhone(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}
