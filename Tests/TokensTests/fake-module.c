// A PKCS#11 module that does what a file tells it, for what no real module here does: codes in sequence, PIN pads,
// tokens that are exchanged, wrong results. The file is next to its library: LIBRARY.rules, one rule per line, read
// again at each call; LIBRARY.log gets a line for each call, LIBRARY.threads the number of its thread.
//   token LABEL SERIAL FLAGS      a slot with a token (FLAGS as hexadecimal)
//   certificate FILE              a certificate (DER) with the id 01 on every token
//   mechanism NUMBER FLAGS        a mechanism
//   return FUNCTION N CODE        what the Nth call returns (0: every call)
//   sequence FUNCTION N SERIAL    from the Nth call on, the first token has this serial number
//   signature LENGTH              how many zeros C_Sign answers
//   attribute LENGTH              how long CKA_VALUE is said to be
//   hang FUNCTION [N]             the function does not return, from the Nth call on
//   maker NAME                    the manufacturer
//   lengths SHORTEST LONGEST      of a PIN; 4 to 16 if there is no such rule
//   nokey                         there is no private key
//   id TEXT                       CKA_ID of certificates and keys
//   private                       the private key says that it is private, although nobody has logged in
//   modulus HEX                   the private key's modulus is 128 bytes of this one
//   quiet                         the module says nothing about itself (C_GetInfo)
//   card FILE                     C_Login and C_SetPIN ask a card, which is FILE: "PIN LEFT MOST", or "PIN LEFT MOST expired".
//                                 It counts wrong PINs, and is the same one for all modules that name it
//   tells flags                   the card shows COUNT_LOW, FINAL_TRY and LOCKED
//   tells low                     it shows COUNT_LOW and LOCKED, and never that one try is left
//   tells object                  and the tries that are left, in an object as SafeNet's module has
//   tells lies                    the object, which always says the same
//   wrong CODE                    what the card's wrong PINs return (hexadecimal), instead of CKR_PIN_INCORRECT
//   always                        the key wants a login for each signature (CKA_ALWAYS_AUTHENTICATE)
//   operations FILE               the card's PIN for that is another one, in FILE
//   die FUNCTION before|after     the process is killed before or after the function asks the card
//   fail FUNCTION fault|abort|exit  the function ends the program
#define _GNU_SOURCE
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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

static void log_to(const char *suffix, const char *line) {
  char path[512];
  path_beside(suffix, path, sizeof path);
  FILE *log = fopen(path, "ae");
  if (!log) return;
  fprintf(log, "%s\n", line);
  fclose(log);
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
  log_to(".log", name);
  char thread[20];
  snprintf(thread, sizeof thread, "%d", (int)gettid());
  log_to(".threads", thread);
  CK_RV code = CKR_OK;
  int hangs = 0;
  for (int i = 0; i < line_count; i++) {
    char function[40];
    int nth;
    unsigned long value;
    if (sscanf(lines[i], "return %39s %d %lx", function, &nth, &value) == 3 && strcmp(function, name) == 0 &&
        (nth == 0 || nth == number))
      code = value;
    char word[16];
    if (sscanf(lines[i], "fail %39s %15s", function, word) == 2 && strcmp(function, name) == 0) {
      pthread_mutex_unlock(&lock);
      if (strcmp(word, "abort") == 0) abort();
      if (strcmp(word, "exit") == 0) exit(3);
      *(volatile int *)0 = 1;
    }
    nth = 0;
    if (sscanf(lines[i], "hang %39s %d", function, &nth) >= 1 && strcmp(function, name) == 0 && number >= nth) hangs = 1;
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

// The card that a rule names.
struct card {
  FILE *file;
  char pin[64], word[16];
  int left, most;
};

// Whether the card's other PIN is meant.
static __thread int is_operation;

static int open_card(struct card *card) {
  char path[256];
  const char *text = is_operation ? rule("operations ", 0) : NULL;
  if (!text) text = rule("card ", 0);
  memset(card, 0, sizeof *card);
  if (!text || sscanf(text, "%255s", path) != 1) return 0;
  card->file = fopen(path, "r+e");
  if (!card->file) return 0;
  flock(fileno(card->file), LOCK_EX);
  if (fscanf(card->file, "%63s %d %d %15s", card->pin, &card->left, &card->most, card->word) < 3) {
    fclose(card->file);
    return 0;
  }
  return 1;
}

static void close_card(struct card *card) {
  rewind(card->file);
  if (ftruncate(fileno(card->file), 0) == 0)
    fprintf(card->file, "%s %d %d %s\n", card->pin, card->left, card->most, card->word);
  fclose(card->file);
}

static void die(const char *function, const char *when) {
  char name[40], word[16];
  const char *text = rule("die ", 0);
  if (text && sscanf(text, "%39s %15s", name, word) == 2 && strcmp(name, function) == 0 && strcmp(word, when) == 0)
    raise(SIGKILL);
}

// What the card says to a PIN; a right one is replaced if there is another.
static CK_RV ask_card(const char *function, CK_UTF8CHAR *pin, CK_ULONG length, CK_UTF8CHAR *other, CK_ULONG size) {
  struct card card;
  CK_RV code = CKR_OK;
  die(function, "before");
  if (!open_card(&card)) return CKR_OK;
  if (card.left == 0) {
    code = CKR_PIN_LOCKED;
  } else if (length != strlen(card.pin) || memcmp(pin, card.pin, length) != 0) {
    card.left--;
    code = CKR_PIN_INCORRECT;
  } else {
    card.left = card.most;
    if (other) {
      snprintf(card.pin, sizeof card.pin, "%.*s", (int)size, (char *)other);
      card.word[0] = 0;
    } else if (strcmp(card.word, "expired") == 0) {
      code = CKR_PIN_EXPIRED;
    }
  }
  close_card(&card);
  die(function, "after");
  const char *wrong = rule("wrong ", 0);
  return code == CKR_PIN_INCORRECT && wrong ? strtoul(wrong, NULL, 16) : code;
}

static CK_FLAGS card_flags(void) {
  struct card card;
  const char *tells = rule("tells ", 0);
  if (!tells || strncmp(tells, "lies", 4) == 0 || !open_card(&card)) return 0;
  int left = card.left, most = card.most;
  fclose(card.file);
  if (strncmp(tells, "low", 3) == 0) return (left == 0 ? CKF_USER_PIN_LOCKED : 0) | (left < most ? CKF_USER_PIN_COUNT_LOW : 0);
  return left == 0 ? CKF_USER_PIN_LOCKED : left == 1 ? CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW :
         left < most ? CKF_USER_PIN_COUNT_LOW : 0;
}

static CK_RV initialize(void *arguments) {
  (void)arguments;
  return called("C_Initialize");
}

static CK_RV finalize(void *reserved) {
  (void)reserved;
  return called("C_Finalize");
}

static CK_RV get_info(CK_INFO *info) {
  CK_RV code = called("C_GetInfo");
  if (code != CKR_OK) return code;
  if (rule("quiet", 0)) return CKR_FUNCTION_NOT_SUPPORTED;
  memset(info, 0, sizeof *info);
  info->cryptokiVersion.major = 2, info->cryptokiVersion.minor = 20;
  info->libraryVersion.major = 10, info->libraryVersion.minor = 9;
  fill(info->manufacturerID, sizeof info->manufacturerID, "Nobody");
  fill(info->libraryDescription, sizeof info->libraryDescription, "Fake module");
  return CKR_OK;
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
  const char *maker = rule("maker ", 0);
  char name_of_maker[40] = "Nobody";
  if (maker) snprintf(name_of_maker, sizeof name_of_maker, "%.*s", (int)strcspn(maker, "\n"), maker);
  fill(info->manufacturerID, sizeof info->manufacturerID, name_of_maker);
  fill(info->model, sizeof info->model, "Fake");
  info->flags = flags | CKF_TOKEN_INITIALIZED | card_flags();
  info->ulMinPinLen = 4;
  info->ulMaxPinLen = 16;
  const char *lengths = rule("lengths ", 0);
  info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
  info->ulTotalPrivateMemory = 65536;
  info->hardwareVersion.major = 4, info->hardwareVersion.minor = 29;
  info->firmwareVersion.major = 2, info->firmwareVersion.minor = 7;
  if (lengths) sscanf(lengths, "%lu %lu", &info->ulMinPinLen, &info->ulMaxPinLen);
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
    if (sscanf(text, "%lx %lx", &number, &flags) == 2 && number == type)
      info->flags = flags, info->ulMinKeySize = 1024, info->ulMaxKeySize = 2048;
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
  (void)session;
  is_operation = user == CKU_CONTEXT_SPECIFIC;
  called(pin ? "PIN given" : "PIN pad used");
  CK_RV code = called("C_Login");
  if (code == CKR_OK) code = ask_card("C_Login", pin, length, NULL, 0);
  is_operation = 0;
  return code;
}

static CK_RV logout(CK_SESSION_HANDLE session) {
  (void)session;
  return called("C_Logout");
}

static CK_RV set_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *old, CK_ULONG old_length, CK_UTF8CHAR *new_pin,
                     CK_ULONG new_length) {
  (void)session;
  CK_RV code = called("C_SetPIN");
  return code == CKR_OK ? ask_card("C_SetPIN", old, old_length, new_pin, new_length) : code;
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

// Objects 1, 2 ... are the certificates; 100 is the private key of them all, 200 shows the tries that are left.
static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
  (void)session;
  CK_RV code = called("C_FindObjects");
  *count = 0;
  while (code == CKR_OK && *count < most) {
    if (find_class == CKO_CERTIFICATE && rule("certificate ", find_position)) {
      objects[(*count)++] = (CK_OBJECT_HANDLE)++find_position;
    } else if (find_class == CKO_PRIVATE_KEY && find_position == 0 && !rule("nokey", 0)) {
      find_position++;
      objects[(*count)++] = 100;
    } else if (find_class == CKO_HW_FEATURE && find_position == 0 && rule("tells ", 0) &&
               strncmp(rule("tells ", 0), "flags", 5) != 0 && strncmp(rule("tells ", 0), "low", 3) != 0) {
      find_position++;
      objects[(*count)++] = 200;
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
  if (object == 200 && (attribute->type == 0x80001110 || attribute->type == 0x80001112)) {
    struct card card;
    if (!open_card(&card)) return CKR_DEVICE_ERROR;
    int lies = strncmp(rule("tells ", 0), "lies", 4) == 0;
    value[0] = (unsigned char)(attribute->type == 0x80001112 || lies ? card.most : card.left);
    memset(value + 1, 0, 3);
    length = 4;
    fclose(card.file);
  } else if (attribute->type == CKA_VALUE && object < 100) {
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
  } else if (attribute->type == CKA_PRIVATE && object == 100 && rule("private", 0)) {
    value[0] = CK_TRUE, length = 1;
  } else if (attribute->type == CKA_ALWAYS_AUTHENTICATE && object == 100 && rule("always", 0)) {
    value[0] = CK_TRUE, length = 1;
  } else if (attribute->type == CKA_MODULUS && object == 100 && rule("modulus ", 0)) {
    memset(value, (int)strtoul(rule("modulus ", 0), NULL, 16), length = 128);
  } else if (attribute->type == CKA_ID) {
    const char *text = rule("id ", 0);
    value[0] = 1;
    length = text ? strcspn(text, "\n") : 1;
    if (text) memcpy(value, text, length);
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
    .C_GetInfo = get_info,
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
