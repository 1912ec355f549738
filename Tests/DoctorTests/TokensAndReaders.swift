import Foundation
import ServerFixtures
import Testing

/// What may be wrong with tokens and readers, on virtual ones in a real pcscd.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TokensAndReaders {
    private func diagnose(_ tokens: VirtualTokens, _ extra: String...) throws -> Diagnosis {
        try Diagnosis(["--module", tokens.module] + extra, environment: tokens.environment)
    }

    @Test func allIsWell() throws {
        let tokens = try VirtualTokens()
        let diagnosis = try diagnose(tokens)
        #expect(diagnosis.status == 0)
        #expect(diagnosis.findings.allSatisfy { $0.severity == "ok" }, "\(diagnosis.findings)")
        #expect(diagnosis.findings.count { $0.code == "card-present" } == 2)
        #expect(diagnosis.findings.count { $0.code == "token-ready" } == 2)
        #expect(diagnosis["card-present"]?.text.contains("3B:F2:18:00:02:C1:0A:31:FE:58:C8:09:75") == true)
        // No PIN was tried.
        #expect(try tokens.status(0).verifications == 0)
        // And as text, within 80 columns.
        let text = try Program(["doctor", "--module", tokens.module], environment: tokens.environment)
        #expect(text.status() == 0)
        #expect(text.output.hasSuffix("\nFound: no problems, no warnings.\n"))
        #expect(text.lines.allSatisfy { $0.count <= 80 }, "\(text.output)")
    }

    /// The PIN of a file is that of one token: it is tried once, and on no other one.
    @Test func tokensAreTestedOnRequest() throws {
        let tokens = try VirtualTokens()
        let folder = TemporaryFolder()
        let state = ["XDG_STATE_HOME=\(folder.file("state"))"]
        func test(_ pinFile: String) throws -> Diagnosis {
            try Diagnosis(
                ["--module", tokens.module, "--tokens", "--pin-file", pinFile], environment: tokens.environment + state)
        }
        let both = try Program(
            ["doctor", "--module", tokens.module, "--tokens", "--pin-file", tokens.pinFile],
            environment: tokens.environment + state)
        #expect(both.status() == 64 && both.errors.contains("contains the PIN of one token, and 2"), "\(both.errors)")
        for token in [0, 1] { #expect(try tokens.status(token).verifications == 0) }
        try tokens.tell(1, "pull")
        try waitUntil("one token is left") {
            try diagnose(tokens).findings.count { $0.code == "token-ready" } == 1
        }
        let good = try test(tokens.pinFile)
        #expect(good.status == 0 && good.findings.count { $0.code == "token-signs" } == 1, "\(good.findings)")
        #expect(try tokens.status(0) == .init(tries: 15, verifications: 1, signatures: 1))
        let bad = try test(folder.write("pin", "Cisco124\n"))
        #expect(bad.problems == ["token-cannot-sign"], "\(bad.findings)")
        #expect(bad["token-cannot-sign"]?.text.contains("most likely the PIN is wrong") == true)
        #expect(try tokens.status(0).tries == 14 && tokens.status(1).verifications == 0)
    }

    @Test func aCardThatNoModuleKnows() throws {
        let tokens = try VirtualTokens(kinds: ["cardos", "safenet"])
        let diagnosis = try diagnose(tokens)
        #expect(diagnosis.problems == ["card-needs-vendor-module"])
        let finding = try #require(diagnosis["card-needs-vendor-module"])
        #expect(finding.text.contains("PC/SC sees SafeNet eToken 5100"))
        #expect(finding.text.contains("in reader Virtual PCD 00 01, OpenSC does not know it"))
        #expect(
            finding.next == [
                "Install SafeNet Authentication Client (libeToken.so), then: etoken-bridge token list",
                "Its release 10.9 fits Debian 12 and 13, which have libcrypto.so.3.",
            ])
        #expect(finding.reader?.name == "Virtual PCD 00 01")
        #expect(finding.reader?.atr == "3B:D5:18:00:81:31:3A:7D:80:73:C8:21:10:30")
        // An unknown card: PIV without OpenSC's module.
        let others = try VirtualTokens(kinds: ["piv", "cardos"])
        let software = try MockTokens()
        let unknown = try Diagnosis(
            ["--module", software.module], environment: others.environment + software.environment)
        #expect(unknown["card-unknown"]?.text.contains("ATR 3B:7D:96:00:00:80:31:80:65:B0:83:11:17:D6") == true)
        // What OpenSC would say of the other one is not guessed: it was not asked.
        let unasked = try #require(unknown["card-unread"])
        #expect(unasked.text.contains("Aladdin eToken PRO") && unasked.text.contains("no module here reads it"))
        #expect(unasked.next.first?.contains("sudo apt install opensc-pkcs11") == true)
        #expect(unasked.next.last?.contains("10.0.37") == true)
        #expect(unknown["card-needs-vendor-module"] == nil)
    }

    @Test func noTokenAndEmptyReaders() throws {
        let tokens = try VirtualTokens()
        for token in [0, 1] { try tokens.tell(token, "pull") }
        var diagnosis = try diagnose(tokens)
        try waitUntil("both readers are empty") {
            diagnosis = try diagnose(tokens)
            return diagnosis.findings.count { $0.code == "reader-empty" } == 2
        }
        #expect(diagnosis["no-token"]?.severity == "warning")
        #expect(diagnosis.findings.count { $0.code == "reader-empty" } == 2)
        #expect(diagnosis.status == 0)
    }

    @Test func aCardThatAnotherProgramHolds() throws {
        let tokens = try VirtualTokens()
        let holder = try tokens.hold(0)
        let finding = try #require(try diagnose(tokens)["card-held"])
        #expect(finding.text.contains("Virtual PCD 00 00"))
        #expect(finding.text.contains("python3 (\(holder.id))"))
    }

    /// A token that hangs does not hang the doctor, whether or not the card has power when it is queried.
    @Test func aTokenThatHangs() throws {
        let tokens = try VirtualTokens()
        try tokens.tell(0, "hang")
        let first = try diagnose(tokens, "--token-timeout", "1")
        #expect(first["module-hangs"] != nil, "\(first.findings)")
        // What no module could tell is not guessed.
        #expect(first["card-needs-vendor-module"] == nil)
        let second = try diagnose(tokens, "--token-timeout", "1")
        #expect(second["module-hangs"] != nil || second["card-hangs"] != nil, "\(second.findings)")
        try tokens.tell(0, "resume")
    }

    // MARK: - Cards without a virtual token

    /// What doctor says about one reader, with SoftHSM as the only module.
    private func diagnose(
        atr: String, status: UInt32 = 0, module: String? = nil
    ) throws -> Diagnosis {
        let service = try StandInSmartCardService(readers: [.init("SafeNet eToken 00 00", atr: atr, status: status)])
        let software = try MockTokens()
        return try Diagnosis(
            ["--module", module ?? software.module], environment: service.environment + software.environment)
    }

    private static let eToken5110CC = "3BFF9600008131804380318065B0850300EF120FFE82900066"

    @Test func cardsThatDoNotAnswer() throws {
        #expect(try diagnose(atr: "mute")["card-mute"]?.text.contains("does not answer") == true)
        let unusable = try diagnose(atr: Self.eToken5110CC, status: 0x8010_0066)
        #expect(unusable["card-unusable"]?.text.contains("SCARD_W_UNRESPONSIVE_CARD") == true)
        // Reported once: the card is not additionally called unknown.
        #expect(unusable.problems == ["card-unusable"])
        let refused = try diagnose(atr: Self.eToken5110CC, status: 0x8010_006A)
        #expect(refused.problems == ["card-refused"])
    }

    @Test func cardsThatNeedANewerOpenSC() throws {
        // SoftHSM under its name.
        let folder = TemporaryFolder()
        let opensc = folder.file("opensc-pkcs11.so")
        symlink(try MockTokens().module, opensc)
        let finding = try #require(
            try diagnose(atr: Self.eToken5110CC, module: opensc)["card-needs-newer-opensc"])
        #expect(finding.text.contains("SafeNet eToken 5110 CC") && finding.text.contains("release 0.24"))
        #expect(finding.next.first == "opensc-tool --version")
        #expect(finding.next.contains { $0.contains("libIDPrimePKCS11.so") })
        let unasked = try #require(try diagnose(atr: Self.eToken5110CC)["card-unread"])
        #expect(unasked.text.contains("OpenSC does from release 0.24 on"))
    }

    /// OpenSC reads the 5110+ FIPS, and fails to sign with it: no newer one helps.
    @Test func cardsWithWhichOpenSCCannotSign() throws {
        let finding = try #require(
            try diagnose(atr: "3BFF9600008131FE4380318065B0846566FB12017882900085")["card-needs-vendor-module"])
        #expect(finding.text.contains("cannot sign with it"))
    }

    /// SafeNet's module is installed and shows no token; SoftHSM under its name stands in for it.
    @Test func cardsThatSafeNetsModuleDoesNotShow() throws {
        let folder = TemporaryFolder()
        let module = folder.file("libeToken.so")
        symlink(try MockTokens().module, module)
        let finding = try #require(try diagnose(atr: Self.eToken5110CC, module: module)["card-unread"])
        #expect(finding.text.contains("SafeNet Authentication Client is installed"))
        #expect(finding.text.contains("does not read this card") && !finding.text.contains("SACSrv"))
        #expect(finding.text.contains("(\(module), release 2."), "\(finding)")
        #expect(finding.next.first?.contains("libIDPrimePKCS11.so") == true)
    }

    /// SafeNet's module is installed and cannot be used: what is wrong with it is the cause, and nothing else is to be
    /// installed.
    @Test func cardsWhoseModuleEndsTheProgram() throws {
        let folder = TemporaryFolder()
        let source = folder.write(
            "module.c", "#include <stdlib.h>\nint C_GetFunctionList(void *list) { abort(); }\n")
        let module = folder.file("libeToken.so.10.0.37")
        try ChildProcess.run(["cc", "-shared", "-fPIC", "-o", module, source])
        let diagnosis = try diagnose(atr: "3BF2180002C10A31FE58C80975", module: module)
        #expect(diagnosis["module-crashes"]?.text.contains("signal 6") == true)
        let finding = try #require(diagnosis["card-unread"])
        #expect(finding.text.contains("is installed, but \(module) cannot be used"))
        #expect(!finding.next.contains { $0.hasPrefix("Install ") }, "\(finding)")
        #expect(finding.next.contains { $0.contains("libcrypto.so.1.1") })
    }

    @Test func noReader() throws {
        let service = try StandInSmartCardService()
        let diagnosis = try Diagnosis(environment: service.environment)
        #expect(diagnosis["no-reader"]?.severity == "warning")
        let plugged = try plugged([("0529", "0620")], service.environment)
        #expect(plugged["usb-not-seen"]?.text.contains("eToken 5100") == true)
    }

    // MARK: - PINs

    /// Wrong PINs, one by one, until the card locks.
    @Test func lockedAndOneTryLeft() throws {
        let tokens = try VirtualTokens(kinds: ["piv", "cardos"], tries: 2)
        try wrongPIN(tokens)
        #expect(try diagnose(tokens)["token-final-try"]?.severity == "problem")
        try wrongPIN(tokens)
        let locked = try #require(try diagnose(tokens)["token-locked"])
        #expect(locked.text.hasPrefix("The PIN of token "))
        #expect(try tokens.status(0).tries == 0)
        #expect(try tokens.status(0).verifications == 2)
        // The other token is fine.
        #expect(
            try diagnose(tokens).findings.contains { $0.code == "token-ready" && $0.text.contains("SAST-ADN008580ef") })
    }

    private func wrongPIN(_ tokens: VirtualTokens) throws {
        let command =
            "\(tokens.environment.joined(separator: " ")) pkcs11-tool --module \(tokens.module) --slot-index 0 --login --pin 87654321 --list-objects"
        let error = #expect(throws: ChildProcess.Failure.self) { try ChildProcess.run(["/bin/sh", "-c", command]) }
        #expect(error?.description.contains("CKR_PIN_") == true)
    }

    @Test func aWrongPINSinceTheLastRightOne() throws {
        let tokens = try MockTokens()
        let command =
            "\(tokens.environment[0]) pkcs11-tool --module \(tokens.module) --token-label SAST-ADN008580ef --login --pin 87654321 --list-objects"
        let error = #expect(throws: ChildProcess.Failure.self) { try ChildProcess.run(["/bin/sh", "-c", command]) }
        #expect(error?.description.contains("CKR_PIN_") == true)
        let diagnosis = try Diagnosis(
            ["--module", tokens.module], environment: tokens.environment + ["PCSCLITE_CSOCK_NAME=/nonexistent"])
        #expect(diagnosis["token-count-low"]?.text.contains("SAST-ADN008580ef") == true)
        #expect(diagnosis["token-count-low"]?.severity == "warning")
    }

    // MARK: - USB

    /// The kernel's list of devices, replaced for one program.
    ///
    /// - Parameter more: shell commands that replace something else, each with `&&` at its end.
    private func plugged(
        _ devices: [(String, String)], _ environment: [String], more: String = ""
    ) throws -> Diagnosis {
        let folder = TemporaryFolder()
        for (number, device) in devices.enumerated() {
            mkdir(folder.file("1-\(number)"), 0o755)
            folder.write("1-\(number)/idVendor", device.0 + "\n")
            folder.write("1-\(number)/idProduct", device.1 + "\n")
        }
        let bind =
            "mount -t sysfs -o ro none /sys 2>/dev/null; mkdir -p /sys/bus/usb/devices 2>/dev/null; "
            + "[ -d /sys/bus/usb/devices ] || { mount -t tmpfs none /sys && mkdir -p /sys/bus/usb/devices; }; "
            + "mount --bind \(folder.path) /sys/bus/usb/devices && \(more)exec \"$@\""
        let unshare = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]
        return try Diagnosis(environment: environment, wrapper: unshare + ["sh", "-c", bind, "sh"])
    }

    @Test func tokensInUSBPorts() throws {
        let tokens = try VirtualTokens()
        let diagnosis = try plugged(
            [("0529", "0600"), ("0529", "0620"), ("1d6b", "0002")], tokens.environment)
        // Not a CCID device: Debian has no driver for it.
        #expect(diagnosis["usb-no-driver"]?.text.contains("eToken PRO 64k is plugged in (USB 0529:0600)") == true)
        #expect(diagnosis["usb-token"]?.text.contains("USB 0529:0620") == true)
        #expect(diagnosis.findings.count { $0.check == "usb" } == 2)
        #expect(diagnosis["usb-no-driver"]?.next.contains { $0.contains("10.0.37") } == true)
    }

    /// HASP dongles have Aladdin's number, too, and protect software; what else has it may be no token.
    @Test func devicesThatAreNoTokens() throws {
        let tokens = try VirtualTokens()
        let diagnosis = try plugged([("0529", "0001"), ("0529", "0fff")], tokens.environment)
        #expect(diagnosis.findings.count { $0.check == "usb" } == 1)
        #expect(diagnosis["usb-no-driver"]?.severity == "warning")
        #expect(diagnosis["usb-no-driver"]?.text.contains("USB 0529:0fff") == true)
    }

    /// Half of an installation: the driver's folder is there, its library is not.
    @Test func aDriverWithoutItsLibrary() throws {
        let tokens = try VirtualTokens()
        let folder = TemporaryFolder()
        try ChildProcess.run(["mkdir", "-p", folder.file("drivers/aks-ifdh.bundle/Contents/Linux")])
        folder.write(
            "drivers/aks-ifdh.bundle/Contents/Info.plist",
            """
            <key>CFBundleExecutable</key> <string>libAksIfdh.so</string>
            <key>ifdVendorID</key> <array> <string>0x0529</string> </array>
            <key>ifdProductID</key> <array> <string>0x0600</string> </array>
            """)
        let diagnosis = try plugged(
            [("0529", "0600")], tokens.environment,
            more: "mount --bind \(folder.file("drivers")) /usr/lib/pcsc/drivers && ")
        let finding = try #require(diagnosis["usb-driver-broken"])
        #expect(finding.text.contains("/usr/lib/pcsc/drivers/aks-ifdh.bundle/Contents/Linux/libAksIfdh.so"))
    }
}
