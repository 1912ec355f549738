#include "CPCSC.h"

#include <PCSC/winscard.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

_Static_assert(ETB_PCSC_MAX_ATR == MAX_ATR_SIZE, "as long as in pcsclite.h");

static struct {
  __typeof__(&SCardEstablishContext) establish;
  __typeof__(&SCardReleaseContext) release;
  __typeof__(&SCardListReaders) list;
  __typeof__(&SCardGetStatusChange) change;
  __typeof__(&SCardCancel) cancel;
  __typeof__(&SCardConnect) connect;
  __typeof__(&SCardDisconnect) disconnect;
} pcsc;
static const char *load_error;
static char load_error_text[512];
static pthread_once_t load_once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library) {
    pcsc.establish = (__typeof__(pcsc.establish))dlsym(library, "SCardEstablishContext");
    pcsc.release = (__typeof__(pcsc.release))dlsym(library, "SCardReleaseContext");
    pcsc.list = (__typeof__(pcsc.list))dlsym(library, "SCardListReaders");
    pcsc.change = (__typeof__(pcsc.change))dlsym(library, "SCardGetStatusChange");
    pcsc.cancel = (__typeof__(pcsc.cancel))dlsym(library, "SCardCancel");
    pcsc.connect = (__typeof__(pcsc.connect))dlsym(library, "SCardConnect");
    pcsc.disconnect = (__typeof__(pcsc.disconnect))dlsym(library, "SCardDisconnect");
    if (pcsc.establish && pcsc.release && pcsc.list && pcsc.change && pcsc.cancel && pcsc.connect && pcsc.disconnect)
      return;
  }
  // The linker's text is overwritten by its next call.
  const char *why = dlerror();
  strncpy(load_error_text, why ? why : "libpcsclite.so.1: functions are missing", sizeof load_error_text - 1);
  load_error = load_error_text;
}

const char *etb_pcsc_load_error(void) {
  pthread_once(&load_once, load);
  return load_error;
}

uint32_t etb_pcsc_open(int64_t *context) {
  if (etb_pcsc_load_error())
    return ETB_PCSC_NOT_INSTALLED;
  SCARDCONTEXT opened = 0;
  uint32_t status = (uint32_t)pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &opened);
  *context = opened;
  return status;
}

// The other functions are only called with a context, so the library is loaded by then.
uint32_t etb_pcsc_close(int64_t context) { return (uint32_t)pcsc.release((SCARDCONTEXT)context); }

uint32_t etb_pcsc_cancel(int64_t context) { return (uint32_t)pcsc.cancel((SCARDCONTEXT)context); }

uint32_t etb_pcsc_readers(int64_t context, char *names, uint64_t *length) {
  DWORD room = *length;
  uint32_t status = (uint32_t)pcsc.list((SCARDCONTEXT)context, NULL, names, &room);
  *length = room;
  return status;
}

uint32_t etb_pcsc_try(int64_t context, const char *reader) {
  SCARDHANDLE card = 0;
  DWORD protocol = 0;
  LONG status =
      pcsc.connect((SCARDCONTEXT)context, reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_ANY, &card, &protocol);
  if (status == SCARD_S_SUCCESS)
    pcsc.disconnect(card, SCARD_LEAVE_CARD);
  return (uint32_t)status;
}

uint32_t etb_pcsc_wait(int64_t context, uint32_t milliseconds, etb_pcsc_reader *readers, uint32_t count) {
  SCARD_READERSTATE states[ETB_PCSC_MAX_READERS];
  if (count > ETB_PCSC_MAX_READERS)
    return (uint32_t)SCARD_E_INVALID_PARAMETER;
  memset(states, 0, sizeof states);
  for (uint32_t i = 0; i < count; i++) {
    states[i].szReader = readers[i].name;
    states[i].dwCurrentState = readers[i].state;
  }
  uint32_t status = (uint32_t)pcsc.change((SCARDCONTEXT)context, milliseconds, states, count);
  for (uint32_t i = 0; i < count; i++) {
    readers[i].state = (uint32_t)states[i].dwEventState;
    readers[i].atr_length = states[i].cbAtr > MAX_ATR_SIZE ? MAX_ATR_SIZE : (uint32_t)states[i].cbAtr;
    memcpy(readers[i].atr, states[i].rgbAtr, readers[i].atr_length);
  }
  return status;
}
