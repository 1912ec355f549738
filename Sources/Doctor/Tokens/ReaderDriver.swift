import Basics

/// A reader driver of pcscd: a bundle, whose property list says which devices it serves. Source: pcsc-lite's
/// hotplug_libudev.c (`HPReadBundleValues`).
struct ReaderDriver {
    static let standardFolder = "/usr/lib/pcsc/drivers"

    /// Its folder.
    let bundle: String
    private let properties: String

    /// Those that are installed, as far as they can be read.
    static func all(in folder: String = standardFolder) -> [ReaderDriver] {
        Files.names(in: folder, hidden: false).compactMap { ReaderDriver(bundle: "\(folder)/\($0)") }
    }

    /// Nil if it has no property list.
    init?(bundle: String) {
        guard let bytes = try? Files.read("\(bundle)/Contents/Info.plist") else { return nil }
        (self.bundle, properties) = (bundle, String(decoding: bytes, as: UTF8.self))
    }

    func serves(vendor: UInt16, product: UInt16) -> Bool {
        zip(numbers("ifdVendorID"), numbers("ifdProductID")).contains { $0 == (vendor, product) }
    }

    /// The path of the library that the property list names but that is not there; nil if it is.
    var missingLibrary: String? {
        guard let value = value(of: "CFBundleExecutable", upTo: "</string>") else { return nil }
        let name = value.drop { $0 != ">" }.dropFirst().trimmed
        // As pcscd builds the path: PCSC_ARCH is the system's name.
        let path = "\(bundle)/Contents/Linux/\(name)"
        return name.isEmpty || Files.exists(path) ? nil : path
    }

    /// The numbers of an array: `<key>NAME</key> <array> <string>0x0529</string> ...`.
    private func numbers(_ name: String) -> [UInt16] {
        (value(of: name, upTo: "</array>") ?? "").split(separator: "<string>").dropFirst().map { item in
            UInt16(item.prefix { $0 != "<" }.dropFirst(2), radix: 16) ?? 0
        }
    }

    /// What follows a key.
    private func value(of name: String, upTo end: String) -> Substring? {
        guard let key = properties.firstRange(of: "<key>\(name)</key>"),
            let end = properties[key.upperBound...].firstRange(of: end)
        else { return nil }
        return properties[key.upperBound..<end.lowerBound]
    }
}
