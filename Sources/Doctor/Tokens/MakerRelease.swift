import Messages
import SmartCards

extension KnownCard.Generation {
    /// Which release of SafeNet's software reads these tokens, and what it needs, for advice. Sources, and what is not
    /// confirmed: docs/tokens-on-linux.md, "Which release".
    var release: LocalizableText {
        switch self {
        case .cardOS:
            localized(
                "For CardOS tokens it must be release 10.0.37; 10.7 to 10.9 do not read them. It brings its own reader driver (aks-ifdh), and needs libcrypto.so.1.1, which Debian 11 has and Debian 12 does not."
            )
        case .java: localized("Its release 10.9 fits Debian 12 and 13, which have libcrypto.so.3.")
        case .idPrime:
            localized(
                "This token is read by libIDPrimePKCS11.so, which its releases from 10.7 on have; 10.9 fits Debian 12 and 13."
            )
        }
    }
}
