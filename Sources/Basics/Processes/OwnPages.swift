import CLinux

/// Memory for a secret, on pages of its own: locking and unlocking works on whole pages, and would otherwise affect what
/// happens to be next to it.
package enum OwnPages {
    /// Zeroed bytes between two pages that cannot be touched: kept out of swap where the system allows that, and out of
    /// core files.
    package static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let size = max(1, count)
        // Swift stops as well when memory is used up.
        guard let pages = etb_own_pages(UInt(size)) else { fatalError("out of memory") }
        return UnsafeMutableBufferPointer(start: pages.assumingMemoryBound(to: UInt8.self), count: size)
    }

    /// Overwrites and frees what ``allocate(_:)`` returned.
    package static func free(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        etb_free_own_pages(bytes.baseAddress, UInt(bytes.count))
    }
}
