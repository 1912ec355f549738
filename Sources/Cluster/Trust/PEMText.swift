/// Certificates in texts that hold other things, too.
enum PEMText {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"

    /// The first PEM block of a certificate in a text, its lines freed of the blanks that a terminal adds.
    static func first(in text: String) -> String? {
        guard let start = text.firstRange(of: begin)?.lowerBound,
            let stop = text[start...].firstRange(of: end)?.upperBound
        else { return nil }
        return text[start..<stop].split(whereSeparator: \.isNewline).map { CommandAnswers.trimmed($0) }
            .joined(separator: "\n") + "\n"
    }
}
