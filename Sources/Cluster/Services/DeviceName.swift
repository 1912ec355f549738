/// Names of devices in CUCM's database.
public enum DeviceName {
    /// Whether a device of CUCM's class "Phone" may be a phone, by its name. The class includes templates, whose names
    /// contain spaces, and gateway ports, whose names contain `@` or `/`. Not all phone names are SEP and an address:
    /// Jabber and TelePresence use others.
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
