import Glibc

extension Files {
    /// Bytes that are free for this user where a path is, or would be created; nil if that cannot be determined.
    public static func freeSpace(_ path: String) -> Int? {
        var place = path.hasPrefix("/") ? path : "./" + path
        var status = statvfs()
        while statvfs(place, &status) != 0 {
            guard errno == ENOENT, let slash = place.lastIndex(of: "/") else { return nil }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        let (size, overflows) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflows ? .max : Int(clamping: size)
    }
}
