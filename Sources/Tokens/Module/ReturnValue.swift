import CPKCS11
import Messages

/// What a PKCS#11 function returned (CK_RV; PKCS#11 2.40, section 5.1), with its name and what it means.
public struct ReturnValue: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt

    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// The name in the standard, for example `CKR_PIN_INCORRECT`; a vendor's own code as hexadecimal.
    public var name: String {
        Self.table[rawValue]?.name ?? "0x" + String(rawValue, radix: 16, uppercase: true)
    }

    /// What it means, as the end of a sentence: "the PIN is wrong".
    public var sentence: LocalizableText {
        if let known = Self.table[rawValue] { return known.sentence }
        return rawValue >= Self.vendorDefined
            ? localized("vendor-defined error") : localized("not an error code of the standard")
    }

    public var description: String { name }

    /// As returned by the module.
    var code: CK_RV { CK_RV(rawValue) }

    private static let vendorDefined: UInt = 0x8000_0000

    private static let table: [UInt: (name: String, sentence: LocalizableText)] = [
        0x0: ("CKR_OK", localized("success")),
        0x1: ("CKR_CANCEL", localized("it was cancelled")),
        0x2: ("CKR_HOST_MEMORY", localized("this machine ran out of memory")),
        0x3: ("CKR_SLOT_ID_INVALID", localized("the slot no longer exists")),
        0x5: ("CKR_GENERAL_ERROR", localized("the module gives no reason")),
        0x6: ("CKR_FUNCTION_FAILED", localized("the token refused it without giving a reason")),
        0x7: ("CKR_ARGUMENTS_BAD", localized("the module does not accept the arguments")),
        0x8: ("CKR_NO_EVENT", localized("nothing happened in any slot")),
        0x9: ("CKR_NEED_TO_CREATE_THREADS", localized("the module needs to create threads")),
        0xa: ("CKR_CANT_LOCK", localized("the module cannot be used with threads")),
        0x10: ("CKR_ATTRIBUTE_READ_ONLY", localized("the object cannot be changed")),
        0x11: ("CKR_ATTRIBUTE_SENSITIVE", localized("the token does not disclose this")),
        0x12: ("CKR_ATTRIBUTE_TYPE_INVALID", localized("the object does not have this attribute")),
        0x13: ("CKR_ATTRIBUTE_VALUE_INVALID", localized("the token does not accept this value")),
        0x1b: ("CKR_ACTION_PROHIBITED", localized("the token forbids it")),
        0x20: ("CKR_DATA_INVALID", localized("the token does not accept this data")),
        0x21: ("CKR_DATA_LEN_RANGE", localized("the data is too long or too short for the key")),
        0x30: ("CKR_DEVICE_ERROR", localized("the token or the reader failed")),
        0x31: ("CKR_DEVICE_MEMORY", localized("the token is full")),
        0x32: ("CKR_DEVICE_REMOVED", localized("the token was removed")),
        0x40: ("CKR_ENCRYPTED_DATA_INVALID", localized("the encrypted data is not valid")),
        0x41: ("CKR_ENCRYPTED_DATA_LEN_RANGE", localized("the encrypted data has the wrong length")),
        0x50: ("CKR_FUNCTION_CANCELED", localized("it was cancelled at the token")),
        0x51: ("CKR_FUNCTION_NOT_PARALLEL", localized("the module does not run functions in parallel")),
        0x54: ("CKR_FUNCTION_NOT_SUPPORTED", localized("the module does not offer it")),
        0x60: ("CKR_KEY_HANDLE_INVALID", localized("the key is no longer there")),
        0x62: ("CKR_KEY_SIZE_RANGE", localized("the token does not support this key size")),
        0x63: ("CKR_KEY_TYPE_INCONSISTENT", localized("the key has the wrong type for the mechanism")),
        0x64: ("CKR_KEY_NOT_NEEDED", localized("a key was supplied where none is needed")),
        0x65: ("CKR_KEY_CHANGED", localized("the key is not the same as before")),
        0x66: ("CKR_KEY_NEEDED", localized("a key is missing")),
        0x67: ("CKR_KEY_INDIGESTIBLE", localized("the key cannot be hashed")),
        0x68: ("CKR_KEY_FUNCTION_NOT_PERMITTED", localized("the key may not be used for this")),
        0x69: ("CKR_KEY_NOT_WRAPPABLE", localized("the key may not leave the token")),
        0x6a: ("CKR_KEY_UNEXTRACTABLE", localized("the key may not leave the token")),
        0x70: ("CKR_MECHANISM_INVALID", localized("the token does not support this mechanism")),
        0x71: ("CKR_MECHANISM_PARAM_INVALID", localized("the token does not accept the mechanism in this form")),
        0x82: ("CKR_OBJECT_HANDLE_INVALID", localized("the object is no longer there")),
        0x90: ("CKR_OPERATION_ACTIVE", localized("another operation is still active")),
        0x91: (
            "CKR_OPERATION_NOT_INITIALIZED",
            localized("the operation was not started, or was lost when the token was removed")
        ),
        0xa0: ("CKR_PIN_INCORRECT", localized("the PIN is wrong")),
        0xa1: ("CKR_PIN_INVALID", localized("the PIN contains characters that the token does not accept")),
        0xa2: ("CKR_PIN_LEN_RANGE", localized("the PIN is too long or too short")),
        0xa3: ("CKR_PIN_EXPIRED", localized("the PIN has expired and must be changed")),
        0xa4: ("CKR_PIN_LOCKED", localized("the PIN is locked")),
        0xb0: ("CKR_SESSION_CLOSED", localized("the session was closed")),
        0xb1: ("CKR_SESSION_COUNT", localized("too many programs use the token")),
        0xb3: ("CKR_SESSION_HANDLE_INVALID", localized("the session no longer exists, as after the token was removed")),
        0xb4: ("CKR_SESSION_PARALLEL_NOT_SUPPORTED", localized("the module does not support parallel sessions")),
        0xb5: ("CKR_SESSION_READ_ONLY", localized("the session is read-only")),
        0xb6: ("CKR_SESSION_EXISTS", localized("another session is open")),
        0xb7: ("CKR_SESSION_READ_ONLY_EXISTS", localized("a read-only session is open")),
        0xb8: ("CKR_SESSION_READ_WRITE_SO_EXISTS", localized("the security officer is logged in")),
        0xc0: ("CKR_SIGNATURE_INVALID", localized("the signature is not valid")),
        0xc1: ("CKR_SIGNATURE_LEN_RANGE", localized("the signature has the wrong length")),
        0xd0: ("CKR_TEMPLATE_INCOMPLETE", localized("attributes are missing")),
        0xd1: ("CKR_TEMPLATE_INCONSISTENT", localized("attributes contradict each other")),
        0xe0: ("CKR_TOKEN_NOT_PRESENT", localized("no token is in the slot")),
        0xe1: ("CKR_TOKEN_NOT_RECOGNIZED", localized("the module does not know this kind of token")),
        0xe2: ("CKR_TOKEN_WRITE_PROTECTED", localized("the token is write-protected")),
        0xf1: ("CKR_UNWRAPPING_KEY_SIZE_RANGE", localized("the unwrapping key has the wrong size")),
        0xf2: ("CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", localized("the unwrapping key has the wrong type")),
        0x100: ("CKR_USER_ALREADY_LOGGED_IN", localized("a user is already logged in")),
        0x101: ("CKR_USER_NOT_LOGGED_IN", localized("the token requires a login first")),
        0x102: ("CKR_USER_PIN_NOT_INITIALIZED", localized("the token has no user PIN yet")),
        0x103: ("CKR_USER_TYPE_INVALID", localized("the token does not know this type of user")),
        0x104: ("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", localized("another user is logged in")),
        0x105: ("CKR_USER_TOO_MANY_TYPES", localized("too many types of user are logged in")),
        0x110: ("CKR_WRAPPED_KEY_INVALID", localized("the wrapped key is not valid")),
        0x112: ("CKR_WRAPPED_KEY_LEN_RANGE", localized("the wrapped key has the wrong length")),
        0x113: ("CKR_WRAPPING_KEY_HANDLE_INVALID", localized("the wrapping key is no longer there")),
        0x114: ("CKR_WRAPPING_KEY_SIZE_RANGE", localized("the wrapping key has the wrong size")),
        0x115: ("CKR_WRAPPING_KEY_TYPE_INCONSISTENT", localized("the wrapping key has the wrong type")),
        0x120: ("CKR_RANDOM_SEED_NOT_SUPPORTED", localized("the token accepts no random seed")),
        0x121: ("CKR_RANDOM_NO_RNG", localized("the token has no random number generator")),
        0x130: ("CKR_DOMAIN_PARAMS_INVALID", localized("the key parameters are not valid")),
        0x140: ("CKR_CURVE_NOT_SUPPORTED", localized("the token does not know this curve")),
        0x150: ("CKR_BUFFER_TOO_SMALL", localized("the result is longer than announced")),
        0x160: ("CKR_SAVED_STATE_INVALID", localized("the saved state is not valid")),
        0x170: ("CKR_INFORMATION_SENSITIVE", localized("the token does not disclose this")),
        0x180: ("CKR_STATE_UNSAVEABLE", localized("the state cannot be saved")),
        0x190: ("CKR_CRYPTOKI_NOT_INITIALIZED", localized("the module was not initialised")),
        0x191: ("CKR_CRYPTOKI_ALREADY_INITIALIZED", localized("the module is already initialised")),
        0x1a0: ("CKR_MUTEX_BAD", localized("the module failed to lock")),
        0x1a1: ("CKR_MUTEX_NOT_LOCKED", localized("the module failed to unlock")),
        0x1b0: ("CKR_NEW_PIN_MODE", localized("the token requires a new PIN")),
        0x1b1: ("CKR_NEXT_OTP", localized("the token requires the next one-time password")),
        0x1c0: ("CKR_EXCEEDED_MAX_ITERATIONS", localized("the token gave up after too many attempts")),
        0x1c1: ("CKR_FIPS_SELF_TEST_FAILED", localized("the module failed its self-test")),
        0x1c2: ("CKR_LIBRARY_LOAD_FAILED", localized("the module could not load a library that it needs")),
        0x1c3: ("CKR_PIN_TOO_WEAK", localized("the new PIN is too weak for the token")),
        0x1c4: ("CKR_PUBLIC_KEY_INVALID", localized("the public key is not valid")),
        0x200: ("CKR_FUNCTION_REJECTED", localized("it was refused at the token")),
    ]
}
