/// Paths, field names and texts of OS Administration (docs/cluster-interfaces.md). What is *unconfirmed* on real
/// hardware is marked; it can be corrected here, in one place.
package enum OSAdministrationPaths {
    static let start = "/cmplatform"
    /// The login form posts here from 11 on, and to the other path before. The page's own form takes precedence.
    static let login = "/cmplatform/j_security_check"
    static let loginBefore11 = "/cmplatform/WEB-INF/pages/j_security_check"
    package static let tftpUpload = "/cmplatform/tftpFileUpload.do"
    package static let certificateUpload = "/cmplatform/certificateUpload.do"
    package static let certificateList = "/cmplatform/certificateFindList.do"
    /// The fields of the list that choose how many rows it shows, and which page. *Unconfirmed* here: Cisco's other
    /// administration pages have them.
    static let rowsField = "rowsPerPage"
    package static let pageField = "pageNumber"
    /// A part of the names of the buttons of a certificate's own page. *Unconfirmed*: what they send.
    package static let downloadButton = "download"
    static let deleteButton = "delete"
    /// *Unconfirmed*: where a certificate of the list is available as PEM, if its own page has no button for that.
    static let certificateDownload = "/cmplatform/certificateDownload.do"
    /// *Unconfirmed*: where a trust certificate is deleted, if its own page has no button for that.
    static let certificateDelete = "/cmplatform/certificateDelete.do"

    /// The field of the certificate upload that chooses the store.
    static let unitField = "NAME"
    static let certificateFileField = "FILE"
    /// *Unconfirmed*.
    static let descriptionField = "DESCRIPTION"
    /// The element that contains the outcome of an operation. *Unconfirmed*: its id.
    package static let statusID = "status"
    /// How the refusal on a login page begins. *Unconfirmed*; otherwise its whole text is reported.
    static let loginFailure = "Log on failed"
    /// What a successful outcome says, in lower case. *Unconfirmed*: reading back decides.
    static let successes = ["successful", "certificate uploaded", "certificate deleted", "success"]
    /// What an unsuccessful outcome says in the status element, in lower case, unless it also says one of the above.
    static let failures = ["error", "fail", "cannot", "unable", "invalid", "denied", "not found"]
}
