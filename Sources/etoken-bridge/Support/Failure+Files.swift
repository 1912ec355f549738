import Basics
import Messages

// What is wrong with files that the user specified.
extension Failure {
    /// One that cannot be read.
    ///
    /// - Parameter next: which file is meant.
    init(reading error: FileError, next: LocalizableText) {
        self.init(Status.of(error), error.text, code: error.codeName, next: next)
    }

    /// One that the command should write, and that is there already.
    ///
    /// - Parameter hasForce: whether the command has an option that replaces it.
    init(overwriting path: String, hasForce: Bool = false) {
        self.init(
            Status.failed, localized("\(path) already exists and is not overwritten."),
            next: hasForce
                ? localized("Specify another location, or use --force.")
                : localized("Specify another file, or move this one away."))
    }

    /// A folder that files should be written to, and that is not there.
    init(missingFolder path: String) {
        self.init(
            Status.notThere, localized("The folder \(path) does not exist."),
            next: localized("Create it first: mkdir \(path: path)"))
    }
}
