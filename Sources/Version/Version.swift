/// The product's version, in one place: `--version` of every program, the Debian package and its changelog use it.
/// docs/release-checklist.md says when it changes.
public enum Version {
    /// MAJOR.MINOR.PATCH, as on semver.org.
    public static let current = "0.1.0"
}
