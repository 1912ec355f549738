import Foundation
import ServerFixtures
import Testing

@testable import Doctor

/// What `doctor`'s checks read from files, without the program.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Parts {
    private let folder = TemporaryFolder()

    private func header(bits: UInt8, order: UInt8, machine: [UInt8]) -> [UInt8] {
        [0x7f, 0x45, 0x4c, 0x46, bits, order, 1] + Array(repeating: 0, count: 11) + machine
    }

    @Test func processorsAreRead() throws {
        let pc = try ELFHeader(header(bits: 2, order: 1, machine: [62, 0]))
        #expect(pc.bits == 64 && pc.isLittleEndian && pc.description == "64-bit x86-64")
        let old = try ELFHeader(header(bits: 1, order: 1, machine: [3, 0]))
        #expect(old.description == "32-bit x86 (i386)" && old != pc)
        #expect(try ELFHeader(header(bits: 2, order: 1, machine: [183, 0])).description == "64-bit ARM (aarch64)")
        // The other byte order.
        let big = try ELFHeader(header(bits: 1, order: 2, machine: [0, 8]))
        #expect(!big.isLittleEndian && big.machine == 8 && big.description == "32-bit MIPS")
        #expect(try ELFHeader(header(bits: 2, order: 1, machine: [1, 2])).description == "64-bit processor 513")
    }

    @Test func ownProgramHasAHeader() throws {
        let own = try #require(ELFHeader.own)
        #expect(own.isLittleEndian && own.bits == 64)
        #expect(try ELFHeader(path: "/proc/self/exe") == own)
    }

    @Test func whatIsNoProgramIsSaid() {
        for bytes in [
            [], Array("#!/bin/sh".utf8), Array(header(bits: 2, order: 1, machine: [62, 0]).prefix(19)),
            header(bits: 3, order: 1, machine: [62, 0]), header(bits: 2, order: 0, machine: [62, 0]),
        ] {
            #expect(throws: ELFHeader.Fault.notELF) { try ELFHeader(bytes) }
        }
        let missing = ELFHeader.Fault.unreadable("No such file or directory")
        #expect(throws: missing) { try ELFHeader(path: folder.file("missing.so")) }
        #expect(throws: ELFHeader.Fault.notELF) { try ELFHeader(path: folder.write("empty.so", "")) }
    }

    @Test func aMissingLibraryIsNamed() {
        let reason =
            "The PKCS#11 module /usr/lib/x.so cannot be loaded: libfoo.so.1: cannot open shared object file: No such file or directory."
        #expect(ModuleCheck.missingLibrary(reason) == "libfoo.so.1")
        #expect(ModuleCheck.missingLibrary("The PKCS#11 module x cannot be loaded: invalid ELF header.") == nil)
        #expect(ModuleCheck.missingLibrary("x: cannot open shared object file") == nil)
    }

    private func device(_ name: String, _ vendor: String, _ product: String) throws {
        try ChildProcess.run(["mkdir", "-p", folder.file("usb/\(name)")])
        folder.write("usb/\(name)/idVendor", vendor + "\n")
        folder.write("usb/\(name)/idProduct", product + "\n")
    }

    @Test func tokensOnTheUSBAreFound() throws {
        try device("1-1", "0529", "0620")
        try device("1-2", "046d", "c31c")
        try device("1-3", "08e6", "34d2")
        // Interfaces have no IDs.
        try ChildProcess.run(["mkdir", "-p", folder.file("usb/1-1:1.0")])
        #expect(USBToken.pluggedIn(folder.file("usb")).map(\.id) == ["0529:0620", "08e6:34d2"])
        #expect(USBToken.pluggedIn(folder.file("nowhere")).isEmpty)
        #expect(Set(USBToken.all.map(\.id)).count == USBToken.all.count)
    }

    /// Vendor and product are in two lists, at the same index.
    @Test func aDriverNamesADeviceByBothNumbers() throws {
        let contents = "drivers/ifd-ccid.bundle/Contents"
        try ChildProcess.run(["mkdir", "-p", folder.file(contents)])
        folder.write(
            contents + "/Info.plist",
            """
            <key>ifdVendorID</key> <array> <string>0x0529</string> <string>0x08E6</string> </array>
            <key>ifdProductID</key> <array> <string>0x0620</string> <string>0x34CC</string> </array>
            """)
        func hasDriver(_ id: String) throws -> Bool {
            try !#require(USBToken.all.first { $0.id == id }).drivers(in: folder.file("drivers")).isEmpty
        }
        #expect(try hasDriver("0529:0620") && hasDriver("08e6:34cc"))
        #expect(try !hasDriver("0529:0600") && !hasDriver("08e6:34d2"))
        #expect(USBToken.all[0].drivers(in: folder.file("nowhere")).isEmpty)
    }

    /// A driver whose library is gone, as after half an installation.
    @Test func aDriverWithoutItsLibraryIsNone() throws {
        let bundle = folder.file("aks-ifdh.bundle")
        try ChildProcess.run(["mkdir", "-p", bundle + "/Contents/Linux"])
        folder.write(
            "aks-ifdh.bundle/Contents/Info.plist",
            "<key>CFBundleExecutable</key>\n  <string>libAksIfdh.so</string>\n<key>ifdVendorID</key>")
        let driver = try #require(ReaderDriver(bundle: bundle))
        #expect(driver.missingLibrary == bundle + "/Contents/Linux/libAksIfdh.so")
        folder.write("aks-ifdh.bundle/Contents/Linux/libAksIfdh.so", "")
        #expect(driver.missingLibrary == nil)
        // The one of this machine.
        let usual = try #require(ReaderDriver(bundle: ReaderDriver.standardFolder + "/ifd-ccid.bundle"))
        #expect(usual.missingLibrary == nil)
    }

    /// docs/tokens-on-linux.md has a line for each, in this order.
    @Test func theDocumentedDevicesAreThese() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/tokens-on-linux.md")
        let written = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `0529:") || $0.hasPrefix("| `08e6:") }.map(String.init)
        let expected = USBToken.all.map { token in
            let seen = token.seen.sorted { $0.key < $1.key }.map { $0.key + ($0.value.map { " (\($0))" } ?? "") }
            return "| `\(token.id)` | \(token.name) | \(seen.joined(separator: ", ")) |".replacing("|  |", with: "| |")
        }
        #expect(written == expected, "\(expected.joined(separator: "\n"))")
    }

    /// Aladdin's number belongs to tokens and dongles; bcdDevice tells their releases apart.
    @Test func unknownTokensAndReleasesAreSaid() throws {
        try device("2-1", "0529", "0fff")
        try device("2-2", "0529", "0620")
        folder.write("usb/2-2/bcdDevice", "0110\n")
        let tokens = USBToken.pluggedIn(folder.file("usb")).sorted { $0.product < $1.product }
        #expect(tokens.map(\.shownID) == ["0529:0620, bcdDevice 1.10", "0529:0fff"])
        #expect(tokens[1].name.contains("not known here"))
    }

    @Test func aProgramDoesNotCountItself() {
        #expect(DeviceUser.programs().allSatisfy { !$0.hasSuffix("(\(getpid()))") })
    }
}
