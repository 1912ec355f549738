import TrustList
import X509

// A record is decoded, or made for a certificate: nobody puts one together of elements that do not fit.
func record(of elements: [Element], for certificate: Certificate) throws {
    _ = try Record.token(certificate)
    _ = Record(elements: elements)  // expected-error {{extra argument 'elements'}} expected-error {{missing arguments}}
}

// A file is decoded, or signed: nobody puts one together of a header and records that it was not made for.
func file(_ header: Header, _ records: [Record]) {
    // expected-error@+1 {{extra arguments}} expected-error@+1 {{missing argument}}
    _ = TrustListFile(header: header, records: records)
}
