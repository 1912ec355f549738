import Messages
import Phones

extension PhoneModel.SecurityByDefault {
    /// For a table whose heading asks for it.
    var text: String {
        switch self {
        case .supported: localized("yes").localized
        case .unsupported: localized("no").localized
        case .unknown: localized("unknown").localized
        }
    }
}

extension PhoneModel.Checksum {
    /// Its name everywhere but in phone-models.csv.
    var text: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA-1"
        }
    }
}
