/// Words that name nobody: those of CUCM, of phones, of certificates and of the protocols. They stay where other words
/// are replaced.
enum Vocabulary {
    static func contains(_ word: [UInt8]) -> Bool { words.contains(word) }

    /// In lower case.
    private static let words: Set<[UInt8]> = Set(
        text.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) })

    private static let text = """
        null true false yes no none and or of the for in on to with by at not all any new
        cisco systems system inc ltd gmbh corp corporation company limited llc manufacturing root ca ca1 ca2 ca3 sub
        issuing intermediate certificate certificates certification authority server servers service services
        ipcbu sast itlrecovery capf tvs callmanager tomcat ipsec trust phone phones vpn ctl itl ccm tftp ecdsa ec ms rsa sha
        cn ou o l st c dc e sn serialnumber emailaddress us unstructuredname title
        cucm cucmpub cucmsub pub sub publisher subscriber cluster node nodes node1 node2 primary secondary backup
        admin administrator platform application user users ccmadmin ccmadministrator axl ris axluser
        default standard profile secure non encrypted authenticated security sip sccp mgcp h323 auto registration
        hub location locations pool pools device devices group groups unknown region phantom shadow
        unified communications communication manager ip conference station voice video network networks telephony mobile
        client services framework dual mode telepresence jabber desktop tablet android iphone windows mac webex
        universal template model based common wireless dect headset soft softphone third party basic advanced
        department information technology it support operations infrastructure office test lab internal external
        local localdomain example invalid localhost com org net edu gov int arpa lan home domain
        enterprisewidedata enterprise wide data server2 host name address id label serial number pkid enum
        sep csf bot tct tab ata bat udp urp ccx cti rp port route point line lines
        pem der crt cer tlv cnf xml html jsp do http https www ldap ldaps uri url crl ocsp
        sast_token token card smart reader slot user_pin safenet etoken aladdin opensc pkcs pkcs15 pkcs11 softhsm cardos piv
        gemalto idprime omnikey athena yubico vendor sw minidriver software virtual pcd vpcd vsmartcard generic
        """
}
