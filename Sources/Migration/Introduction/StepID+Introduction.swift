extension StepID {
    private static let introductions: [StepID: StepID] = [
        .buildAndSign: .introductionBuildAndSign, .deploy: .introductionDeploy,
        .restartServices: .introductionRestartServices, .restartPhones: .introductionRestartPhones,
        .checkPhones: .introductionCheckPhones,
    ]

    /// The name of the same step for the file that introduces a signer; nil if there is none.
    var ofIntroduction: StepID? { Self.introductions[self] }

    /// For a step of the file that introduces a signer: the name of the same step for the new file.
    var introduced: StepID? { Self.introductions.first { $0.value == self }?.key }
}

/// Which of its files a step of a change is about.
enum ChangeFile {
    /// The one that names the new signer, and that phones accept because of its own.
    case introduction
    /// The one that is the purpose of the change.
    case new
}
