// The smart card service (PC/SC) by way of libpcsclite, which is opened at the first call: the program starts without it,
// and where it is not installed only what needs it fails. Only the target SmartCards imports this.
#ifndef ETB_CPCSC_H
#define ETB_CPCSC_H

#include <stdint.h>

// Our own, in addition to PC/SC's: libpcsclite cannot be loaded.
#define ETB_PCSC_NOT_INSTALLED 1u

// The longest ATR, and the most readers that pcscd serves.
#define ETB_PCSC_MAX_ATR 33
#define ETB_PCSC_MAX_READERS 64

typedef struct {
  // In: the reader's name, or the name under which new readers are reported.
  const char *name;
  // In: the state that the caller knows (SCARD_STATE_*). Out: the current one, with a count of events in its upper
  // half.
  uint32_t state;
  uint32_t atr_length;
  uint8_t atr[ETB_PCSC_MAX_ATR];
} etb_pcsc_reader;

// Why libpcsclite cannot be loaded, or NULL if it can.
const char *etb_pcsc_load_error(void);

// All of these return a PC/SC status (SCARD_S_SUCCESS is 0), or ETB_PCSC_NOT_INSTALLED.
uint32_t etb_pcsc_open(int64_t *context);
uint32_t etb_pcsc_close(int64_t context);
// The names one after another, each terminated by NUL, plus one more NUL. `length`: in, the size of the buffer; out,
// the number of bytes used or needed.
uint32_t etb_pcsc_readers(int64_t context, char *names, uint64_t *length);
// Returns as soon as a reader's state differs from the known one, or after `milliseconds` (UINT32_MAX: never).
uint32_t etb_pcsc_wait(int64_t context, uint32_t milliseconds, etb_pcsc_reader *readers, uint32_t count);
// Ends a wait in another thread.
uint32_t etb_pcsc_cancel(int64_t context);
// Connects to the card in a reader, shared with others, and disconnects again.
uint32_t etb_pcsc_try(int64_t context, const char *reader);

#endif
