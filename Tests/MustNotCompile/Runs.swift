import Migration
import TrustList

// A run goes through its stages, and through all of them: each can only be created from the one before it.

func withoutTheLock(_ planned: PlannedChange, _ author: RunAuthor) throws {
    _ = try planned.agreeToFindings(despiteErrors: true)  // expected-error {{has no member 'agreeToFindings'}}
    _ = try planned.begin(author)  // expected-error {{has no member 'begin'}}
}

func pastTheStages(_ change: Change, _ lock: ClusterLock, _ run: JournalRecord.Run) throws {
    _ = SurveyedChange(lock: lock, change: change)  // expected-error {{inaccessible due to 'fileprivate' protection}}
    _ = ForecastAgreed(lock: lock, change: change)  // expected-error {{inaccessible due to 'fileprivate' protection}}
    _ = try change.begin(run)  // expected-error {{'begin' is inaccessible due to 'internal' protection level}}
}

func withoutTheFindings(_ surveyed: consuming SurveyedChange) throws {
    _ = try surveyed.agreeToForecast()  // expected-error {{has no member 'agreeToForecast'}}
}

func withoutTheForecast(_ agreed: consuming FindingsAgreed, _ signer: any TrustListSigner) throws {
    _ = try agreed.takePIN { signer }  // expected-error {{has no member 'takePIN'}}
}

func withoutTheForecast(_ agreed: consuming FindingsAgreed, testing signer: any TrustListSigner) throws {
    _ = try agreed.testTokens { _ in signer }  // expected-error {{has no member 'testTokens'}}
}

func withoutThePIN(_ agreed: consuming ForecastAgreed, _ author: RunAuthor) throws {
    _ = try agreed.begin(author)  // expected-error {{has no member 'begin'}}
}

func withAnAnswerThatNobodyVerified(
    _ agreed: consuming ForecastAgreed, _ answer: SigningAnswer
) throws {
    _ = try VerifiedAnswer(answer)  // expected-error {{missing argument for parameter 'to'}}
    _ = try agreed.takeSignature(answer)  // expected-error {{cannot convert value of type 'SigningAnswer'}}
}

func withASignatureInsteadOfTheForecast(_ agreed: consuming FindingsAgreed, _ answer: VerifiedAnswer) throws {
    _ = try agreed.takeSignature(answer)  // expected-error {{has no member 'takeSignature'}}
}

func withoutTheJournal(_ ready: consuming PINTaken) throws {
    _ = try ready.run(RunContext())  // expected-error {{has no member 'run'}}
}

func backWithoutTheForecast(_ surveyed: consuming SurveyedRollback, _ author: RunAuthor) throws {
    _ = try surveyed.begin(author)  // expected-error {{has no member 'begin'}}
}
