import Secrets

/// A secret that a test knows.
func secret(_ text: String) -> Secret {
    var bytes = Array(text.utf8)
    return Secret(consuming: &bytes)
}
