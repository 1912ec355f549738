import Cluster
import Configuration
import Foundation
import Testing
import TrustList
import X509

@testable import Operations

/// The codes in docs/schema, where programs look for them, match those in the code.
@Suite(.timeLimit(.minutes(5))) struct SchemaTests {
    /// What a schema allows at a place: the keys that lead there.
    private func codes(_ schema: String, _ keys: String...) throws -> [String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/schema")
        var value: Any? = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder.appendingPathComponent("\(schema).json")))
        for key in keys {
            for step in [key == "[]" ? "items" : "properties", key] where step != "[]" {
                value = (value as? [String: Any])?[step]
            }
        }
        return try #require((value as? [String: Any])?["enum"] as? [String])
    }

    @Test func theSchemasKnowEveryCode() throws {
        let errors = Set(ClusterError.Code.allCases.map(\.rawValue))
        let places = [
            try codes("cluster-status", "status", "nodes", "[]", "failures", "[]", "code"),
            try codes("cluster-status", "status", "nodes", "[]", "ctl", "tftp", "error", "code"),
            try codes("ctl-fetch", "readings", "[]", "error", "code"),
            try codes("ctl-deploy", "nodes", "[]", "error", "code"),
            try codes("ctl-delete", "nodes", "[]", "error", "code"),
            try codes("tvs-query", "replies", "[]", "error", "code"),
        ]
        for place in places { #expect(Set(place) == errors) }
        #expect(errors.isSubset(of: try codes("error", "error", "code")))
        let found = StatusFinding.Code.allCases.map(\.rawValue).sorted()
        #expect(try codes("cluster-status", "findings", "[]", "code").sorted() == found)
        #expect(try codes("cluster-status-all", "clusters", "[]", "findings", "[]", "code").sorted() == found)
        #expect(
            Set(TrustListVerification.CheckCode.allCases.map(\.rawValue))
                .isSubset(of: try codes("ctl-verify", "checks", "[]", "code")))
        #expect(Set(try codes("trust-list", "via")) == Set(TrustTransport.allCases.map(\.rawValue)))
        #expect(
            Set(try codes("ctl-fetch", "readings", "[]", "transport"))
                == Set(TrustListTransport.allCases.map(\.rawValue)))
    }
}
