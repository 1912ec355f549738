/// The PKCS#11 functions that are called here, by their names in the standard (PKCS#11 2.40, section 5).
public enum PKCS11Function: String, Sendable {
    case getFunctionList = "C_GetFunctionList"
    case initialize = "C_Initialize"
    case getInfo = "C_GetInfo"
    case getSlotList = "C_GetSlotList"
    case getSlotInfo = "C_GetSlotInfo"
    case getTokenInfo = "C_GetTokenInfo"
    case getMechanismList = "C_GetMechanismList"
    case openSession = "C_OpenSession"
    case login = "C_Login"
    case setPIN = "C_SetPIN"
    case findObjectsInit = "C_FindObjectsInit"
    case findObjects = "C_FindObjects"
    case getAttributeValue = "C_GetAttributeValue"
    case signInit = "C_SignInit"
    case sign = "C_Sign"
}
