import Basics
import Glibc
import Messages
import SmartCards

/// Tokens on USB, here Aladdin's, SafeNet's and Thales'. Sources: the USB ID repository (usb.ids), and for the vendor
/// 08e6 the devices that libccid serves; for bcdDevice libccid's descriptions of readers, OpenSC issue 461 (0.19) and snapd
/// pull request 17431 (0.09). udev/70-etoken-bridge.rules and docs/tokens-on-linux.md have the same list, and tests compare
/// them.
struct USBToken: Hashable {
    let vendor: UInt16
    let product: UInt16
    private(set) var name: String
    /// What it needs of SafeNet's software; nil for those that are older than smart cards, and for unknown ones.
    let generation: KnownCard.Generation?
    /// Values of bcdDevice that others have seen, and the name of a device with that one if it says more.
    let seen: [String: String?]
    /// bcdDevice, for example `1.00`: the release of the device itself. Nil if the kernel does not tell.
    var release: String?
    /// Whether it is in the list, and not merely of a vendor of tokens.
    private(set) var isKnown = true

    init(
        vendor: UInt16, product: UInt16, name: String, _ generation: KnownCard.Generation? = nil,
        seen: [String: String?] = [:]
    ) {
        (self.vendor, self.product, self.name) = (vendor, product, name)
        (self.generation, self.seen) = (generation, seen)
    }

    /// Aladdin's, and then SafeNet's: tokens, and HASP dongles, which protect software.
    private static let ofAladdin: UInt16 = 0x0529
    private static let dongles: Set<UInt16> = [0x0001]

    static let all: [USBToken] = [
        USBToken(vendor: 0x0529, product: 0x030b, name: "eToken R1"),
        USBToken(vendor: 0x0529, product: 0x0313, name: "eToken R1"),
        USBToken(vendor: 0x0529, product: 0x031b, name: "eToken R1"),
        USBToken(vendor: 0x0529, product: 0x0323, name: "eToken R1"),
        USBToken(vendor: 0x0529, product: 0x0412, name: "eToken R2"),
        USBToken(vendor: 0x0529, product: 0x041a, name: "eToken R2"),
        USBToken(vendor: 0x0529, product: 0x0422, name: "eToken R2"),
        USBToken(vendor: 0x0529, product: 0x042a, name: "eToken R2"),
        USBToken(vendor: 0x0529, product: 0x050c, name: "eToken PRO", .cardOS),
        USBToken(vendor: 0x0529, product: 0x0514, name: "eToken PRO", .cardOS),
        USBToken(vendor: 0x0529, product: 0x0600, name: "eToken PRO 64k", .cardOS),
        USBToken(vendor: 0x0529, product: 0x0602, name: "SafeNet eToken 7300", seen: ["10.00": nil]),
        USBToken(
            vendor: 0x0529, product: 0x0620, name: "SafeNet eToken 5100 / 5110, eToken PRO Java", .java,
            seen: ["0.19": "SafeNet eToken 5110", "1.00": nil]),
        USBToken(vendor: 0x08e6, product: 0x34cc, name: "SafeNet eToken 5300", .idPrime, seen: ["0.15": nil]),
        USBToken(vendor: 0x08e6, product: 0x34ce, name: "SafeNet eToken 5300 C", .idPrime, seen: ["0.00": nil]),
        USBToken(vendor: 0x08e6, product: 0x34cf, name: "SafeNet eToken 5110+ FIPS", .idPrime, seen: ["0.00": nil]),
        USBToken(
            vendor: 0x08e6, product: 0x34d2, name: "SafeNet eToken Fusion", .idPrime, seen: ["0.01": nil, "0.09": nil]),
    ]

    /// For example `0529:0620`.
    var id: String { "\(Self.hex(vendor)):\(Self.hex(product))" }

    /// Those that are plugged in, according to the kernel.
    static func pluggedIn(_ devices: String = "/sys/bus/usb/devices") -> [USBToken] {
        folders(in: devices).compactMap { device in
            guard let vendor = number("\(device)/idVendor"), let product = number("\(device)/idProduct") else {
                return nil
            }
            var token = all.first { $0.vendor == vendor && $0.product == product }
            if token == nil, vendor == ofAladdin, !dongles.contains(product) {
                token = USBToken(
                    vendor: vendor, product: product,
                    name: localized("a device of Aladdin or SafeNet that is not known here").localized)
                token?.isKnown = false
            }
            token?.release = release("\(device)/bcdDevice")
            if let name = token?.release.flatMap({ token?.seen[$0] ?? nil }) { token?.name = name }
            return token
        }
    }

    /// With its release, if that is known.
    var shownID: String { release.map { "\(id), bcdDevice \($0)" } ?? id }

    /// The reader drivers of pcscd that list this device.
    func drivers(in folder: String = ReaderDriver.standardFolder) -> [ReaderDriver] {
        ReaderDriver.all(in: folder).filter { $0.serves(vendor: vendor, product: product) }
    }

    /// `0100` as `1.00`.
    private static func release(_ path: String) -> String? {
        number(path).map { number in
            let digits = hex(number)
            let major = digits.prefix(2).drop { $0 == "0" }
            return "\(major.isEmpty ? "0" : major).\(digits.suffix(2))"
        }
    }

    private static func number(_ path: String) -> UInt16? {
        (try? Files.read(path, limit: 16)).flatMap { UInt16(String(decoding: $0.prefix(4), as: UTF8.self), radix: 16) }
    }

    private static func folders(in path: String) -> [String] {
        Files.names(in: path, hidden: false).map { "\(path)/\($0)" }
    }

    private static func hex(_ number: UInt16) -> String { [UInt8](bigEndian: number).hex }
}
