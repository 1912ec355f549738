/// Paths, field names and texts of OS Administration (docs/cluster-interfaces.md). What is *unconfirmed* on real
/// hardware is marked; it can be corrected here, in one place.
enum OSAdministrationPaths {
    static let start = "/cmplatform"
    /// The login form posts here from 11 on, and to the other path before. The page's own form takes precedence.
    static let login = "/cmplatform/j_security_check"
    static let loginBefore11 = "/cmplatform/WEB-INF/pages/j_security_check"
    static let tftpUpload = "/cmplatform/tftpFileUpload.do"
    static let certificateUpload = "/cmplatform/certificateUpload.do"
    static let certificateList = "/cmplatform/certificateFindList.do"
    /// *Unconfirmed*: where a certificate of the list is available as PEM.
    static let certificateDownload = "/cmplatform/certificateDownload.do"
    /// *Unconfirmed*: where a trust certificate is deleted.
    static let certificateDelete = "/cmplatform/certificateDelete.do"

    /// The field of the certificate upload that chooses the store.
    static let unitField = "NAME"
    static let certificateFileField = "FILE"
    /// *Unconfirmed*.
    static let descriptionField = "DESCRIPTION"
    /// The element that contains the outcome of an operation. *Unconfirmed*: its id.
    static let statusID = "status"
    /// How the refusal on a login page begins. *Unconfirmed*; otherwise its whole text is reported.
    static let loginFailure = "Log on failed"
    /// What a successful outcome says, in lower case. *Unconfirmed* except for the first.
    static let successes = ["successfully", "certificate uploaded", "certificate deleted", "success"]
    /// What an unsuccessful outcome says, in lower case; this takes precedence.
    static let failures = ["error", "fail", "cannot", "unable", "invalid", "denied", "not found"]
}
