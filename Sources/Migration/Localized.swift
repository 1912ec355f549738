import Messages

/// A text in the language of the locale at once: where texts are not passed on as `LocalizableText` yet.
func localized(_ literal: MessageLiteral) -> String { (Messages.`localized`(literal) as LocalizableText).localized }
