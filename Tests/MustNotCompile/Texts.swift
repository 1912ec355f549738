import Configuration
import Messages
import Migration

// A text that is shown is one that can be translated: neither a string, nor a literal that no catalogue has, takes its place.

func texts(_ name: String) {
    // expected-error@+1 {{cannot convert value of type 'String' to specified type 'LocalizableText'}}
    let _: LocalizableText = "a text"
    // expected-error@+1 {{cannot convert value of type 'String' to specified type 'LocalizableText'}}
    let _: LocalizableText = name
    // expected-error@+1 {{cannot convert value of type 'String' to expected argument type 'MessageLiteral'}}
    let _: LocalizableText = localized(name)
    // expected-error@+1 {{cannot convert value of type 'LocalizableText' to specified type 'String'}}
    let _: String = localized("It is there.")
}

func errors(_ name: String) {
    // expected-error@+1 {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
    _ = ClusterError(.file, operation: name, message: localized("it is gone"))
    // expected-error@+1 {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
    _ = ClusterError(.file, operation: .verbatim(name), message: "it is gone")
    // expected-error@+1 {{cannot convert value of type 'String' to expected argument type 'LocalizableText'}}
    _ = MigrationError(.noChange, .verbatim(name), next: "Begin one.")
}
