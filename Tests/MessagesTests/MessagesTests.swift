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
