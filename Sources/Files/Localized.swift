import Messages

func localized(_ literal: MessageLiteral) -> String { (Messages.localized(literal) as LocalizableText).localized }
