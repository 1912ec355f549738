import CXML

/// libxml2 must be initialised once, by one thread.
enum Library {
    private static let ready: Void = xmlInitParser()
    static func start() { _ = ready }
}
