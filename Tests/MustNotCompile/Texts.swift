import Cluster
import Configuration
import Messages
import Migration

// A text that is shown is one that can be translated: neither a string nor a literal that no catalogue has stands in its place.

func texts(_ name: String) {
    let _: LocalizableText = "a text"  // expected-error {{cannot convert value of type 'String' to specified type 'LocalizableText'}}
    let _: LocalizableText = name  // expected-error {{cannot convert value of type 'String' to specified type 'LocalizableText'}}
    let _: LocalizableText = localized(name)  // expected-error {{cannot convert value of type 'String' to expected argument type 'MessageLiteral'}}
    let _: String = localized("It is there.")  // expected-error {{cannot convert value of type 'LocalizableText' to specified type 'String'}}
}

func errors(_ name: String) {
    _ = ClusterError(.file, operation: name, message: localized("it is gone"))  // expected-error {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
    _ = ClusterError(.file, operation: .verbatim(name), message: "it is gone")  // expected-error {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
    _ = MigrationError(.noChange, .verbatim(name), next: "Begin one.")  // expected-error {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
}
