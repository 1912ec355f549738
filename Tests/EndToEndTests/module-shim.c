// A real PKCS#11 module as others would show the same tokens; REAL is its path. What differs is chosen when it is compiled:
//   SPELLED   the serial number in capitals and padded with zeros, as some modules write it
//   SAFENET   as SafeNet's module: every token is called eToken, its serial number is the end of its label, ids are GUIDs,
//             PINs have 6 to 20 characters, and an object tells how many tries are left. The module counts them: LIBRARY.SERIAL
//             is the number, of MOST; at 0 the token is locked
// Always: a file LIBRARY.die with the word "before" or "after" ends the process, once, when the real module has not looked at
// a PIN yet, or has.
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#ifndef MOST
#define MOST 15
#endif
#define TRIES_OBJECT 0x7ffffff0UL
#define GUID "{0C5DA6D2-33DC-4A57-8B2C-9D4C1F0E7A%02X}"

static CK_FUNCTION_LIST list, *real;
#ifdef SAFENET
static __thread int finds_tries;
#endif

static void beside(const char *suffix, char *path, size_t size) {
  Dl_info info;
  dladdr((void *)beside, &info);
  snprintf(path, size, "%s.%s", info.dli_fname, suffix);
}

static void die(const char *when) {
  char path[512], word[16] = "";
  beside("die", path, sizeof path);
  FILE *file = fopen(path, "re");
  if (!file) return;
  int got = fscanf(file, "%15s", word);
  fclose(file);
  if (got != 1 || strcmp(word, when) != 0) return;
  unlink(path);
  raise(SIGKILL);
}

#ifdef SAFENET
static void fill(unsigned char *field, size_t size, const char *text) {
  memset(field, ' ', size);
  memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

// The real label's last eight characters.
static void serial_of(CK_SLOT_ID slot, char serial[9]) {
  CK_TOKEN_INFO info;
  int end = 32;
  strcpy(serial, "00000000");
  if (real->C_GetTokenInfo(slot, &info) != CKR_OK) return;
  while (end > 8 && info.label[end - 1] == ' ') end--;
  memcpy(serial, info.label + end - 8, 8);
}

static CK_SLOT_ID slot_of(CK_SESSION_HANDLE session) {
  CK_SESSION_INFO info;
  return real->C_GetSessionInfo(session, &info) == CKR_OK ? info.slotID : 0;
}

// The tries that are left, changed by `change` (0: set to MOST) before or after.
static int tries(CK_SLOT_ID slot, int writes, int value) {
  char serial[9], path[512];
  int left = MOST;
  serial_of(slot, serial);
  beside(serial, path, sizeof path);
  FILE *file = fopen(path, "a+e");
  if (!file) return 0;
  flock(fileno(file), LOCK_EX);
  rewind(file);
  if (fscanf(file, "%d", &left) != 1) left = MOST;
  if (writes) {
    left = value < 0 ? left + value : value;
    if (ftruncate(fileno(file), 0) == 0) fprintf(file, "%d\n", left);
  }
  fclose(file);
  return left;
}
#endif

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
  CK_RV code = real->C_GetTokenInfo(slot, info);
  if (code != CKR_OK) return code;
#ifdef SPELLED
  char text[17];
  int length = 0;
  for (int i = 0; i < 16; i++)
    if (info->serialNumber[i] != ' ') text[length++] = (char)toupper(info->serialNumber[i]);
  memset(info->serialNumber, '0', 16);
  memcpy(info->serialNumber + 16 - length, text, length);
#endif
#ifdef SAFENET
  // A slot without a token stays as it is.
  if (info->flags & CKF_TOKEN_INITIALIZED) {
    char serial[9];
    serial_of(slot, serial);
    fill(info->label, sizeof info->label, "eToken");
    fill(info->serialNumber, sizeof info->serialNumber, serial);
    fill(info->manufacturerID, sizeof info->manufacturerID, "SafeNet, Inc.");
    fill(info->model, sizeof info->model, "eToken");
    info->ulMinPinLen = 6, info->ulMaxPinLen = 20;
    int left = tries(slot, 0, 0);
    info->flags &= ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
    if (left < MOST) info->flags |= CKF_USER_PIN_COUNT_LOW;
    if (left == 0) info->flags |= CKF_USER_PIN_LOCKED;
  }
#endif
  return code;
}

static CK_RV counted(CK_SESSION_HANDLE session, CK_RV code) {
#ifdef SAFENET
  if (code == CKR_OK) tries(slot_of(session), 1, MOST);
  if (code == CKR_PIN_INCORRECT) tries(slot_of(session), 1, -1);
#else
  (void)session;
#endif
  return code;
}

static int is_locked(CK_SESSION_HANDLE session) {
#ifdef SAFENET
  return tries(slot_of(session), 0, 0) <= 0;
#else
  (void)session;
  return 0;
#endif
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length) {
  if (is_locked(session)) return CKR_PIN_LOCKED;
  die("before");
  CK_RV code = counted(session, real->C_Login(session, user, pin, length));
  die("after");
  return code;
}

static CK_RV set_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *old, CK_ULONG old_length, CK_UTF8CHAR *new_pin,
                     CK_ULONG new_length) {
  if (is_locked(session)) return CKR_PIN_LOCKED;
  die("before");
  CK_RV code = counted(session, real->C_SetPIN(session, old, old_length, new_pin, new_length));
  die("after");
  return code;
}

#ifdef SAFENET
static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count) {
  CK_ATTRIBUTE copy[16];
  CK_BYTE id;
  unsigned int number;
  finds_tries = 0;
  for (CK_ULONG i = 0; i < count && i < 16; i++) {
    copy[i] = template[i];
    char text[64];
    if (copy[i].type == CKA_CLASS && *(CK_ULONG *)copy[i].pValue == CKO_HW_FEATURE) finds_tries = 1;
    if (copy[i].type != CKA_ID || copy[i].ulValueLen >= sizeof text) continue;
    memcpy(text, copy[i].pValue, copy[i].ulValueLen);
    text[copy[i].ulValueLen] = 0;
    if (sscanf(text, "{0C5DA6D2-33DC-4A57-8B2C-9D4C1F0E7A%02X}", &number) != 1) continue;
    id = (CK_BYTE)number;
    copy[i].pValue = &id, copy[i].ulValueLen = 1;
  }
  return finds_tries ? CKR_OK : real->C_FindObjectsInit(session, copy, count);
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
  if (!finds_tries) return real->C_FindObjects(session, objects, most, count);
  *count = 0;
  if (finds_tries == 1 && most > 0) objects[(*count)++] = TRIES_OBJECT, finds_tries = 2;
  return CKR_OK;
}

static CK_RV find_objects_final(CK_SESSION_HANDLE session) {
  int own = finds_tries;
  finds_tries = 0;
  return own ? CKR_OK : real->C_FindObjectsFinal(session);
}

static CK_RV answer(CK_ATTRIBUTE *attribute, const void *value, CK_ULONG length) {
  if (attribute->pValue && attribute->ulValueLen < length) return CKR_BUFFER_TOO_SMALL;
  if (attribute->pValue) memcpy(attribute->pValue, value, length);
  attribute->ulValueLen = length;
  return CKR_OK;
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
                                 CK_ULONG count) {
  if (count == 1 && object == TRIES_OBJECT) {
    CK_BYTE number[4] = {0};
    number[0] = (CK_BYTE)(template->type == 0x80001110 ? tries(slot_of(session), 0, 0) : MOST);
    if (template->type == 0x80001110 || template->type == 0x80001112) return answer(template, number, 4);
    template->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
  }
  if (count == 1 && (template->type == CKA_ID || template->type == CKA_LABEL)) {
    CK_BYTE value[200];
    char text[256];
    CK_ATTRIBUTE own = {template->type, value, sizeof value};
    CK_RV code = real->C_GetAttributeValue(session, object, &own, 1);
    if (code != CKR_OK) return code;
    if (template->type == CKA_ID)
      snprintf(text, sizeof text, GUID, own.ulValueLen == 1 ? value[0] : 0);
    else
      snprintf(text, sizeof text, "(eTCAPI) %.*s", (int)own.ulValueLen, (char *)value);
    return answer(template, text, strlen(text));
  }
  return real->C_GetAttributeValue(session, object, template, count);
}
#endif

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **result) {
  if (!real) {
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = library ? dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    list = *real;
    list.C_GetFunctionList = C_GetFunctionList;
    list.C_GetTokenInfo = get_token_info;
    list.C_Login = login;
    list.C_SetPIN = set_pin;
#ifdef SAFENET
    list.C_FindObjectsInit = find_objects_init;
    list.C_FindObjects = find_objects;
    list.C_FindObjectsFinal = find_objects_final;
    list.C_GetAttributeValue = get_attribute_value;
#endif
  }
  *result = &list;
  return CKR_OK;
}
