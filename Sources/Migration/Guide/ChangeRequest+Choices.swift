extension ChangeRequest {
    /// The same with another choice of whether phones take a file first that names the new signer.
    public func introducing(_ choice: IntroductionChoice) -> ChangeRequest {
        var request = self
        request.introduce = choice
        return request
    }

    /// The same without a restart of the phones.
    public var withoutPhoneRestart: ChangeRequest {
        var request = self
        request.phones.restart = false
        return request
    }

    /// Whether all phones are restarted.
    public var restartsAllPhones: Bool { phones.restart && phones.pools.isEmpty }
}
