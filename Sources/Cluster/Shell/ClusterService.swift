/// The names under which CUCM knows the services that are used here.
public enum ClusterService {
    public static let tftp = "Cisco Tftp"
    public static let callManager = "Cisco CallManager"
    /// What the CTL Client talked to; phones do not need it.
    public static let ctlProvider = "Cisco CTL Provider"
    public static let ctiManager = "Cisco CTIManager"
    public static let trustVerification = "Cisco Trust Verification Service"
}
