import Basics

extension FileError: UserError {
    /// Prefixed, because other things can be missing or locked, too.
    public var codeName: String { "file-\(code.rawValue)" }

    public var text: LocalizableText { localized("\(clause).") }

    public var clause: LocalizableText {
        switch doubt {
        case .link?: return localized("\(path) is a link, and is not followed")
        case .wrongType?: return localized("\(path) is not the kind of file that it should be")
        case .otherOwner?: return localized("\(path) belongs to another user, and is not used")
        case .writableByOthers?: return localized("\(path) can be written by other users, and is not used")
        case .relative?: return localized("the variable HOME is set to \(path), which is not an absolute path")
        case nil: break
        }
        return switch operation {
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
        case .notOurs where doubt == .relative: localized("Set HOME to the path of your home folder.")
        case .notOurs:
            localized(
                "Find out who prepared it. Use a file and folder of your own, to which no one else can write (chmod go-w)."
            )
        case .notFound, .permission, .tooLarge, .other: localized("Check the path and its permissions.")
        }
    }
}
