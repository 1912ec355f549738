import Basics

extension FileError: UserError {
    /// If other things can be missing or locked, too.
    public var codeName: String { "file-\(code.rawValue)" }

    public var text: LocalizableText { localized("\(clause).") }

    public var clause: LocalizableText {
        switch operation {
        case .read: localized("\(path) cannot be read: \(reason)")
        case .write: localized("\(path) cannot be written: \(reason)")
        case .create: localized("\(path) cannot be created: \(reason)")
        case .remove: localized("\(path) cannot be removed: \(reason)")
        case .lock where code == .locked: localized("\(path) is in use by another process")
        case .lock: localized("\(path) cannot be locked: \(reason)")
        }
    }

    public var next: LocalizableText? {
        switch code {
        case .noSpace: localized("Free some space on that disk, and run the command again.")
        case .exists: localized("Specify another location for it.")
        case .locked: localized("Wait until the other program is done, then run the command again.")
        case .notFound, .permission, .tooLarge, .other: localized("Check the path and its permissions.")
        }
    }
}
