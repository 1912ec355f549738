// A PKCS#11 module that does what a file tells it, for what no real module here does: codes in sequence, PIN pads,
// tokens that are exchanged, wrong results. The file is next to its library: LIBRARY.rules, one rule per line, read
// again at each call; LIBRARY.log gets a line for each call.
//   token LABEL SERIAL FLAGS      a slot with a token (FLAGS as hexadecimal)
//   certificate FILE              a certificate (DER) with the id 01 on every token
//   mechanism NUMBER FLAGS        a mechanism
//   return FUNCTION N CODE        what the Nth call returns (0: every call)
//   sequence FUNCTION N SERIAL    from the Nth call on, the first token has this serial number
//   signature LENGTH              how many zeros C_Sign answers
//   attribute LENGTH              how long CKA_VALUE is said to be
//   hang FUNCTION                 the function does not return
#define _GNU_SOURCE
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 64

static char lines[LINES][256];
static int line_count;
static struct {
  char name[40];
  int count;
} calls[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int find_position;
static CK_ULONG find_class;

static void path_beside(const char *suffix, char *path, size_t size) {
  Dl_info info;
  dladdr((void *)path_beside, &info);
  snprintf(path, size, "%s%s", info.dli_fname, suffix);
}

static void read_rules(void) {
  char path[512];
  path_beside(".rules", path, sizeof path);
  FILE *file = fopen(path, "re");
  line_count = 0;
  while (file && line_count < LINES && fgets(lines[line_count], sizeof lines[0], file)) line_count++;
  if (file) fclose(file);
}

// Logs the call and returns its configured result.
static CK_RV called(const char *name) {
  pthread_mutex_lock(&lock);
  read_rules();
  int number = 0;
  for (int i = 0; i < 64; i++) {
    if (calls[i].name[0] == 0) snprintf(calls[i].name, sizeof calls[i].name, "%s", name);
    if (strcmp(calls[i].name, name) == 0) {
      number = ++calls[i].count;
      break;
    }
  }
  char path[512];
  path_beside(".log", path, sizeof path);
  FILE *log = fopen(path, "ae");
  if (log) {
    fprintf(log, "%s\n", name);
    fclose(log);
  }
  CK_RV code = CKR_OK;
  int hangs = 0;
  for (int i = 0; i < line_count; i++) {
    char function[40];
    int nth;
    unsigned long value;
    if (sscanf(lines[i], "return %39s %d %lx", function, &nth, &value) == 3 && strcmp(function, name) == 0 &&
        (nth == 0 || nth == number))
      code = value;
    if (sscanf(lines[i], "hang %39s", function) == 1 && strcmp(function, name) == 0) hangs = 1;
  }
  pthread_mutex_unlock(&lock);
  while (hangs) sleep(1);
  return code;
}

static int count_of(const char *name) {
  for (int i = 0; i < 64; i++)
    if (strcmp(calls[i].name, name) == 0) return calls[i].count;
  return 0;
}

static const char *rule(const char *format, int index) {
  size_t length = strlen(format);
  for (int i = 0; i < line_count; i++)
    if (strncmp(lines[i], format, length) == 0 && index-- == 0) return lines[i] + length;
  return NULL;
}

static void fill(unsigned char *field, size_t size, const char *text) {
  memset(field, ' ', size);
  memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static CK_RV initialize(void *arguments) {
  (void)arguments;
  return called("C_Initialize");
}

static CK_RV finalize(void *reserved) {
  (void)reserved;
  return called("C_Finalize");
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count) {
  (void)present;
  CK_RV code = called("C_GetSlotList");
  if (code != CKR_OK) return code;
  CK_ULONG found = 0;
  while (rule("token ", (int)found)) {
    if (slots && found < *count) slots[found] = found;
    found++;
  }
  if (slots && *count < found) return CKR_BUFFER_TOO_SMALL;
  *count = found;
  return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info) {
  CK_RV code = called("C_GetSlotInfo");
  if (code != CKR_OK) return code;
  memset(info, 0, sizeof *info);
  char text[64];
  snprintf(text, sizeof text, "Fake reader %lu", slot);
  fill(info->slotDescription, sizeof info->slotDescription, text);
  fill(info->manufacturerID, sizeof info->manufacturerID, "");
  if (rule("token ", (int)slot)) info->flags = CKF_TOKEN_PRESENT;
  return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
  char name[40];
  snprintf(name, sizeof name, "C_GetTokenInfo/%lu", slot);
  CK_RV code = called(name);
  CK_RV all = called("C_GetTokenInfo");
  if (code != CKR_OK || all != CKR_OK) return code != CKR_OK ? code : all;
  char label[64], serial[64], other[64], function[40];
  unsigned long flags;
  int nth;
  const char *text = rule("token ", (int)slot);
  if (!text || sscanf(text, "%63s %63s %lx", label, serial, &flags) != 3) return CKR_TOKEN_NOT_PRESENT;
  const char *change = rule("sequence ", 0);
  if (slot == 0 && change && sscanf(change, "%39s %d %63s", function, &nth, other) == 3 && count_of(function) >= nth)
    strcpy(serial, other);
  memset(info, 0, sizeof *info);
  fill(info->label, sizeof info->label, label);
  fill(info->serialNumber, sizeof info->serialNumber, serial);
  fill(info->manufacturerID, sizeof info->manufacturerID, "Nobody");
  fill(info->model, sizeof info->model, "Fake");
  info->flags = flags | CKF_TOKEN_INITIALIZED;
  info->ulMinPinLen = 4;
  info->ulMaxPinLen = 16;
  return CKR_OK;
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count) {
  (void)slot;
  CK_RV code = called("C_GetMechanismList");
  if (code != CKR_OK) return code;
  CK_ULONG found = 0;
  const char *text;
  while ((text = rule("mechanism ", (int)found))) {
    if (list) list[found] = strtoul(text, NULL, 16);
    found++;
  }
  *count = found;
  return CKR_OK;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) {
  (void)slot;
  CK_RV code = called("C_GetMechanismInfo");
  if (code != CKR_OK) return code;
  memset(info, 0, sizeof *info);
  const char *text;
  for (int i = 0; (text = rule("mechanism ", i)); i++) {
    unsigned long number, flags;
    if (sscanf(text, "%lx %lx", &number, &flags) == 2 && number == type) info->flags = flags;
  }
  return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session) {
  (void)flags, (void)application, (void)notify;
  *session = slot + 1;
  return called("C_OpenSession");
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  (void)session;
  return called("C_CloseSession");
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length) {
  (void)session, (void)user, (void)length;
  called(pin ? "PIN given" : "PIN pad used");
  return called("C_Login");
}

static CK_RV logout(CK_SESSION_HANDLE session) {
  (void)session;
  return called("C_Logout");
}

static CK_RV set_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *old, CK_ULONG old_length, CK_UTF8CHAR *new_pin,
                     CK_ULONG new_length) {
  (void)session, (void)old, (void)old_length, (void)new_pin, (void)new_length;
  return called("C_SetPIN");
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count) {
  (void)session;
  CK_RV code = called("C_FindObjectsInit");
  find_position = 0;
  find_class = CKO_DATA;
  for (CK_ULONG i = 0; i < count; i++)
    if (template[i].type == CKA_CLASS) find_class = *(CK_ULONG *)template[i].pValue;
  return code;
}

// Objects 1, 2 ... are the certificates; 100 is the private key of them all.
static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
  (void)session;
  CK_RV code = called("C_FindObjects");
  *count = 0;
  while (code == CKR_OK && *count < most) {
    if (find_class == CKO_CERTIFICATE && rule("certificate ", find_position)) {
      objects[(*count)++] = (CK_OBJECT_HANDLE)++find_position;
    } else if (find_class == CKO_PRIVATE_KEY && find_position == 0) {
      find_position++;
      objects[(*count)++] = 100;
    } else {
      break;
    }
  }
  return code;
}

static CK_RV find_objects_final(CK_SESSION_HANDLE session) {
  (void)session;
  return called("C_FindObjectsFinal");
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute,
                                 CK_ULONG count) {
  (void)session, (void)count;
  CK_RV code = called("C_GetAttributeValue");
  if (code != CKR_OK) return code;
  unsigned char value[8192];
  size_t length = 0;
  const char *announced = rule("attribute ", 0);
  if (attribute->type == CKA_VALUE && object < 100) {
    char path[256];
    if (sscanf(rule("certificate ", (int)object - 1), "%255s", path) != 1) return CKR_OBJECT_HANDLE_INVALID;
    FILE *file = fopen(path, "re");
    if (!file) return CKR_DEVICE_ERROR;
    length = fread(value, 1, sizeof value, file);
    fclose(file);
    if (announced && !attribute->pValue) {
      attribute->ulValueLen = strtoul(announced, NULL, 10);
      return CKR_OK;
    }
  } else if (attribute->type == CKA_ID) {
    value[0] = 1;
    length = 1;
  } else if (attribute->type == CKA_LABEL) {
    memcpy(value, "fake", length = 4);
  } else {
    attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
  }
  if (attribute->pValue) {
    if (attribute->ulValueLen < length) return CKR_BUFFER_TOO_SMALL;
    memcpy(attribute->pValue, value, length);
  }
  attribute->ulValueLen = length;
  return CKR_OK;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
  (void)session, (void)mechanism, (void)key;
  return called("C_SignInit");
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *size) {
  (void)session, (void)data, (void)length;
  CK_RV code = called("C_Sign");
  if (code != CKR_OK) return code;
  const char *text = rule("signature ", 0);
  CK_ULONG wanted = text ? strtoul(text, NULL, 10) : 128;
  if (*size < wanted) return CKR_BUFFER_TOO_SMALL;
  memset(signature, 0, wanted);
  *size = wanted;
  return CKR_OK;
}

static CK_FUNCTION_LIST functions = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetSlotList = get_slot_list,
    .C_GetSlotInfo = get_slot_info,
    .C_GetTokenInfo = get_token_info,
    .C_GetMechanismList = get_mechanism_list,
    .C_GetMechanismInfo = get_mechanism_info,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_Login = login,
    .C_Logout = logout,
    .C_SetPIN = set_pin,
    .C_FindObjectsInit = find_objects_init,
    .C_FindObjects = find_objects,
    .C_FindObjectsFinal = find_objects_final,
    .C_GetAttributeValue = get_attribute_value,
    .C_SignInit = sign_init,
    .C_Sign = sign,
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
  *list = &functions;
  return CKR_OK;
}
