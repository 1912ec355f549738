import Basics

extension FileError: CustomStringConvertible {
    public var description: String {
        switch operation {
        case .read: localized("\(path) cannot be read: \(cause)")
        case .write: localized("\(path) cannot be written: \(cause)")
        case .create: localized("\(path) cannot be created: \(cause)")
        case .remove: localized("\(path) cannot be removed: \(cause)")
        case .lock where code == .locked: localized("\(path) is used by another process")
        case .lock: localized("\(path) cannot be locked: \(cause)")
        }
    }
}
