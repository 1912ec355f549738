import Foundation
import ServerFixtures
import Testing

@testable import Doctor

/// udev/70-etoken-bridge.rules, as read by udev itself, on devices that are files.
@Suite(.waiting, .timeLimit(.minutes(10))) struct UdevRules {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let rules = repository.appendingPathComponent("udev/70-etoken-bridge.rules").path

    /// What udev would do if a USB device were plugged in. It sees its own /sys, /dev and /run.
    private func plug(_ vendor: String, _ product: String, rules: String = rules) throws -> [String] {
        let script = """
            set -e
            mount -t tmpfs none /sys
            device=/sys/devices/pci0000:00/usb1/1-1
            mkdir -p $device /sys/bus/usb/devices /sys/class /sys/dev/char
            echo "$1" >$device/idVendor
            echo "$2" >$device/idProduct
            printf 'MAJOR=189\\nMINOR=5\\nDEVNAME=bus/usb/001/006\\nDEVTYPE=usb_device\\n' >$device/uevent
            ln -s /sys/bus/usb $device/subsystem
            ln -s $device /sys/bus/usb/devices/1-1
            mount -t tmpfs none /run
            mkdir -p /run/udev/rules.d /run/dev
            cp "$3" /run/udev/rules.d/70-etoken-bridge.rules
            touch /run/dev/null
            mount --bind /dev/null /run/dev/null
            mount --rbind /run/dev /dev
            SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test --action=add $device 2>&1
            """
        let unshare = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]
        let output = try ChildProcess.run(
            ["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + unshare
                + ["sh", "-c", script, "sh", vendor, product, rules])
        return output.split(separator: "\n").map(String.init)
    }

    /// What udev says about the rules file itself.
    private func remarks(_ lines: [String]) -> [String] {
        lines.compactMap { line in
            line.firstRange(of: "70-etoken-bridge.rules:").map { String(line[$0.lowerBound...]) }
        }
    }

    private func isOpened(_ lines: [String]) throws -> Bool {
        let group = try #require(getgrnam("plugdev")).pointee.gr_gid
        let remarks = remarks(lines)
        let isOpen = remarks.contains { $0.hasSuffix("MODE 0660") }
        #expect(isOpen == remarks.contains { $0.hasSuffix("GROUP \(group)") })
        let tags = lines.first { $0.hasPrefix("TAGS=") }?.dropFirst("TAGS=".count).split(separator: ":") ?? []
        #expect(isOpen == tags.contains("uaccess"))
        #expect(isOpen == lines.contains("ID_SECURITY_TOKEN=1"))
        return isOpen
    }

    /// Numbers of devices, from a text with a vendor and its products.
    private func devices() throws -> [(String, String)] {
        let text = try String(contentsOfFile: Self.rules, encoding: .utf8)
        let line = /ATTR\{idVendor\}=="([0-9a-f]{4})", ATTR\{idProduct\}=="([0-9a-f|]+)"/
        return text.matches(of: line).flatMap { match in
            match.2.split(separator: "|").map { (String(match.1), String($0)) }
        }
    }

    @Test func everyTokenIsOpenedToItsUser() throws {
        let devices = try devices()
        #expect(!devices.isEmpty)
        for (vendor, product) in devices {
            let lines = try plug(vendor, product)
            #expect(try isOpened(lines), "\(vendor):\(product): \(lines)")
            // udev has no complaints, it only says what it does.
            #expect(remarks(lines).allSatisfy { $0.contains(" MODE ") || $0.contains(" GROUP ") }, "\(remarks(lines))")
        }
    }

    /// Aladdin's copy protection dongles, another vendor's reader, and a hub.
    @Test(arguments: [("0529", "0001"), ("08e6", "3437"), ("1d6b", "0002"), ("05290", "0620")])
    func otherDevicesAreLeftAlone(vendor: String, product: String) throws {
        #expect(try !isOpened(plug(vendor, product)))
    }

    /// The test above would notice a mistake.
    @Test func udevComplainsOfMistakes() throws {
        let folder = TemporaryFolder()
        let text = try String(contentsOfFile: Self.rules, encoding: .utf8)
        let typing = folder.write("typing", text.replacingOccurrences(of: "GROUP=", with: "GRUOP="))
        #expect(try remarks(plug("0529", "0620", rules: typing)).contains { $0.contains("GRUOP") })
        let group = folder.write("group", text.replacingOccurrences(of: "\"plugdev\"", with: "\"no-such-group\""))
        let lines = try plug("0529", "0620", rules: group)
        #expect(lines.contains { $0.contains("no-such-group") })
    }

    /// `udevadm verify` was introduced with systemd 254: if available, it has no complaints, either.
    @Test func verifies() throws {
        guard (try? ChildProcess.run(["udevadm", "verify", "--help"])) != nil else { return }
        try ChildProcess.run(["udevadm", "verify", Self.rules])
    }

    /// The rules open exactly what `doctor` knows.
    @Test func doctorKnowsTheSameDevices() throws {
        let known = USBToken.all.map(\.id)
        #expect(Set(known) == Set(try devices().map { "\($0.0):\($0.1)" }))
        #expect(Set(known).count == known.count)
    }

    /// uaccess works only in files that sort before the one that turns it into access lists.
    @Test func sortsBeforeTheSeatRules() {
        let name = URL(fileURLWithPath: Self.rules).lastPathComponent
        #expect(name < "73-seat-late.rules" && name < "70-uaccess.rules")
    }
}
