import Basics
import Glibc
import Testing

@testable import Messages

@Suite(.timeLimit(.minutes(5))) struct LanguageTests {
    @Test(
        arguments: [
            ([:], Language.english),
            (["LANG": "de_DE.UTF-8"], .german),
            (["LANG": "de"], .german),
            (["LANG": "de_AT@euro"], .german),
            (["LANG": "pl_PL.UTF-8"], .english),
            (["LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_US.UTF-8"], .english),
            (["LANG": "de_DE.UTF-8", "LC_ALL": "C"], .english),
            (["LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"], .english),
            (["LANG": "en_US.UTF-8", "LC_ALL": "", "LANGUAGE": "pl:de:en"], .german),
            (["LANG": "C", "LANGUAGE": "de"], .english),
            (["LANG": "german"], .english),
        ] as [([String: String], Language)])
    func followsTheEnvironment(environment: [String: String], language: Language) {
        #expect(Language { environment[$0] } == language)
    }
}

@Suite(.timeLimit(.minutes(5))) struct LocalizableTextTests {
    @Test func theTemplateIsTheKey() {
        let text: LocalizableText = localized("\("a.tlv") has \(3) records {of} 4")
        #expect(text.template == "{0} has {1} records {{of}} 4")
        #expect(text.text(in: .english) == "a.tlv has 3 records {of} 4")
    }

    @Test func argumentsAreNotReadAsTemplates() {
        let text: LocalizableText = localized("\("{1}") and \("{0}")")
        #expect(text.text(in: .english) == "{1} and {0}")
    }

    /// Names come from others; lines come from the program.
    @Test func argumentsAreVisibleAndOnOneLine() {
        let name = "a\u{1B}[2J\nNext: \u{202E}"
        let shown = #"a\u{1B}[2J\u{A}Next: \u{202E}"#
        #expect(localized("\(name)\nend").text(in: .english) == shown + "\nend")
        #expect(LocalizableText.verbatim(name).text(in: .german) == shown)
        #expect([name, "b"].list.text(in: .german) == shown + " und b")
        #expect(LocalizableText.lines("a\nb\u{1B}").text(in: .english) == "a\nb\\u{1B}")
    }

    /// The value of an option may start with a dash; what is not an option's value is marked as such.
    @Test func wordsOfCommands() throws {
        let text: LocalizableText = localized("Look: etoken-bridge x --node \(word: "-a b") --all \(path: "-f")")
        #expect(text.text(in: .english) == "Look: etoken-bridge x --node='-a b' --all ./-f")
        #expect(text.template == "Look: etoken-bridge x --node {0} --all {1}")
        let token: LocalizableText = localized("etoken-bridge token show \(word: "-x;y")")
        #expect(token.text(in: .english) == "etoken-bridge token show -- '-x;y'")
        let line = try JSON.line([localized("etoken-bridge token show \(word: "x;y")")], userInfo: .keepingTemplates)
        let again = try JSON.decode([LocalizableText].self, from: line)
        #expect(again[0].text(in: .english) == "etoken-bridge token show 'x;y'")
    }

    @Test func aTextWithinATextIsTranslatedToo() {
        let text: LocalizableText = localized("\(localized("the header") as LocalizableText): \("x")")
        #expect(text.text(in: .english) == "the header: x")
        #expect(text.text(in: .german) == "Kopf: x")
        #expect(["a", "b", "c"].list.text(in: .german) == "a, b und c")
        #expect(
            [localized("the header"), .verbatim("{0}")].joined(separator: " {} ").text(in: .german) == "Kopf {} {0}")
    }

    @Test(arguments: [(0, "0 phones"), (1, "1 phone"), (2, "2 phones")]) func oneIsSingular(count: Int, text: String) {
        #expect(localized(count, one: "\(count) phone", other: "\(count) phones").text(in: .english) == text)
    }

    @Test func anErrorWithinASentenceIsTranslatedToo() {
        let error: any Error = FileError(.lock, "a", errno: EWOULDBLOCK)
        let text: LocalizableText = localized("\("b"): \(error)")
        #expect(text.text(in: .german) == "b: a wird von einem anderen Prozess verwendet")
    }

    /// What one run wrote in English, another reads in German.
    @Test func templatesAreKept() throws {
        struct Line: Codable, Equatable { var texts: [LocalizableText] }
        let line = Line(texts: [
            localized("\(localized("the header") as LocalizableText) {} \(3) \("x")"), localized("the header"),
            .verbatim("{0} pub.example"),
        ])
        let bytes = try JSON.line(line, userInfo: .keepingTemplates)
        #expect(try JSON.decode(Line.self, from: bytes) == line)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""template":"{0} {{}} {1} {2}""#))
        // For earlier versions, and for documents: the text itself.
        let words = try JSON.decode(Line.self, from: Array(#"{"texts":["put {0} back"]}"#.utf8))
        #expect(words.texts[0].text(in: .german) == "put {0} back")
        let document = try JSON.line(line)
        #expect(String(decoding: document, as: UTF8.self).contains("the header {} 3 x"))
    }

    @Test func withoutATranslationItIsEnglish() {
        let text: LocalizableText = localized("No catalogue has this sentence about \(1) phone.")
        #expect(text.text(in: .german) == "No catalogue has this sentence about 1 phone.")
    }
}

@Suite(.timeLimit(.minutes(5))) struct CatalogueTests {
    @Test func readsStringsOverSeveralLines() {
        let catalogue = Catalogue(
            po: #"""
                # Kopf
                msgid ""
                msgstr "Language: de\n"

                #: Sources/x.swift
                #, python-brace-format
                msgid "{0} is \"there\"."
                msgstr "\"{0}\" ist da."

                msgid ""
                "one\n"
                "two"
                msgstr ""
                "eins\n"
                "zwei\\"

                msgid "not yet"
                msgstr ""
                """#.utf8.map { $0 })
        #expect(catalogue["{0} is \"there\"."] == "\"{0}\" ist da.")
        #expect(catalogue["one\ntwo"] == "eins\nzwei\\")
        #expect(catalogue["not yet"] == nil)
        #expect(catalogue[""] == nil)
    }
}
