/// The names under which CUCM knows the services that are used here.
public enum ClusterService {
    public static let tftp = "Cisco Tftp"
    public static let callManager = "Cisco CallManager"
    public static let ctiManager = "Cisco CTIManager"
    public static let trustVerification = "Cisco Trust Verification Service"
}
