import Basics

/// A part of a longer text for the terminal, with the style that says what it means.
struct StyledText {
    let text: String
    var style: Output.Style?
    /// Whether no blank line separates it from the part before it.
    var isClose = false
}

extension Terminal {
    static func out(_ parts: [StyledText]) { show(parts) { out($0, $1) } }

    static func note(_ parts: [StyledText]) { show(parts) { note($0, $1) } }

    private static func show(_ parts: [StyledText], _ write: (String, Output.Style?) -> Void) {
        for (index, part) in parts.enumerated() {
            if index > 0, !part.isClose { write("", nil) }
            write(part.text, part.style)
        }
    }
}
