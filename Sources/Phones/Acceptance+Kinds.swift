import TrustList
import X509

extension Acceptance {
    /// What phones with and without Security by Default would do with a file, without asking a TVS server.
    ///
    /// - Parameters:
    ///   - signer: that of `list`.
    ///   - held: the CTL file that they hold; nil for none.
    ///   - itl: the ITL file that they hold. Without one nothing is reported about phones with Security by Default.
    public static func ofKinds(
        _ list: TrustListFile, signer certificate: Certificate, held: TrustListFile?, itl: TrustListFile?
    ) -> [(securityByDefault: Bool, verdict: Verdict)] {
        let signer = CandidateSigner(header: list.header, certificate: certificate)
        return (itl == nil ? [false] : [false, true]).map { hasIt in
            let model = PhoneModel(
                name: "", securityByDefault: hasIt ? .supported : .unsupported, displayedChecksum: .sha1)
            return (
                hasIt,
                decide(
                    signer: signer, held: held.map(HeldTrustList.file) ?? .none, itl: itl, model: model,
                    tvs: [.notAsked])
            )
        }
    }
}
