import TrustList

extension SurveyedPhone {
    /// What it holds once it has been offered a file that introduces a signer, for the forecast of the file after that.
    ///
    /// A phone that is not registered is not told to fetch it; if it is not known whether a phone accepts it, the phone
    /// is judged by what it held before. What tables show about a phone stays as it is now.
    ///
    /// - Parameter verdict: what it does with that file.
    public func following(_ list: TrustListFile, _ verdict: Verdict) -> SurveyedPhone {
        guard phone.isRegistered != false, verdict.outcome == .accepted else { return self }
        return SurveyedPhone(phone, .file(list), holding)
    }
}

extension Forecast {
    /// What each phone does with two files, one after the other: what it holds after the first decides the second.
    ///
    /// - Parameters:
    ///   - introducer: who signs the first file.
    ///   - list: the first file, or what it will contain.
    ///   - introducerTVS: what TVS servers say of its signer.
    ///   - signer: who signs the second file.
    /// - Returns: the forecasts of both files.
    public static func inTurn(
        _ phones: [SurveyedPhone], introducer: CandidateSigner, list: TrustListFile, introducerTVS: TVSReplies,
        signer: CandidateSigner, tvs: TVSReplies, present: TrustListFile?, itls: [String: TrustListFile],
        nodes: [String]
    ) -> (first: Forecast, second: Forecast) {
        let first = Forecast(
            of: phones, signer: introducer, present: present, itls: itls, nodes: nodes, tvs: introducerTVS)
        let after = zip(phones, first.entries).map { $0.following(list, $1.verdict) }
        return (
            first, Forecast(of: after, signer: signer, present: present, itls: itls, nodes: nodes, tvs: tvs)
        )
    }
}
