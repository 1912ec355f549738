import CPKCS11

extension PKCS11Module {
    /// The module's names for its slots, including those without a token: usually the names of readers.
    ///
    /// - Throws: ``TokenError``.
    public func slotDescriptions() throws(TokenError) -> [String] {
        try attempt(on: path) { () throws(TokenError) in
            var count: CK_ULONG = 0
            try self.call(.getSlotList, self.functions.C_GetSlotList) { $0(CK_BBOOL(CK_FALSE), nil, &count) }
            guard count > 0 else { return [] }
            // Slots that were added since are left out; the next call has them.
            var slots = [CK_SLOT_ID](repeating: 0, count: Int(min(count, 1024)) + 16)
            count = CK_ULONG(slots.count)
            try self.call(.getSlotList, self.functions.C_GetSlotList) { $0(CK_BBOOL(CK_FALSE), &slots, &count) }
            var names: [String] = []
            for slot in slots.prefix(Int(min(count, CK_ULONG(slots.count)))) {
                var info = CK_SLOT_INFO()
                try self.call(.getSlotInfo, self.functions.C_GetSlotInfo) { $0(slot, &info) }
                names.append(TokenInfo.name(of: info))
            }
            return names
        }
    }
}
