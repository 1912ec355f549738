import Foundation
import Tokens

/// Two mock tokens in SoftHSM, shared by the tests of this process: SoftHSM reads its configuration once.
enum MockStore {
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let module: PKCS11Module = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mock-tokens-" + UUID().uuidString)
        let maker = Process()
        maker.executableURL = URL(fileURLWithPath: repository + "/tools/mock-tokens")
        maker.arguments = ["--second-certificate", folder.path]
        let output = Pipe()
        maker.standardOutput = output
        try! maker.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        maker.waitUntilExit()
        precondition(maker.terminationStatus == 0, "tools/mock-tokens failed")
        let variables = text.split(separator: "\n").reduce(into: [String: String]()) { result, line in
            let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1).map(String.init)
            result[parts[0]] = parts[1]
        }
        setenv("SOFTHSM2_CONF", variables["SOFTHSM2_CONF"]!, 1)
        Self.folder = folder.path
        atexit { try? FileManager.default.removeItem(atPath: MockStore.folder) }
        return try! PKCS11Module(path: variables["ETOKEN_BRIDGE_MODULE"]!)
    }()

    nonisolated(unsafe) private static var folder = ""
}
