import Cluster
import Operations

// What is restored was proven, and only the readers of evidence say so.
func restore(_ lists: ClusterTrustLists, _ bytes: [UInt8], _ known: Authenticated<[UInt8]?>) {
    _ = lists.restore(["pub": known])
    _ = lists.restore(["pub": bytes])  // expected-error {{cannot convert value of type '[UInt8]'}}
    _ = Authenticated<[UInt8]?>(bytes, known.proof)  // expected-error {{inaccessible due to 'internal'}}
}
