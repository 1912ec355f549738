// toml++ behind a plain C interface: it parses and reports what it found to a visitor, in the order of the keys. Only
// the target TOML imports this.
#ifndef ETB_CTOML_H
#define ETB_CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The contents of a document. Each value is reported after its key; inside an array there are no keys. Texts are UTF-8,
// not NUL-terminated, and only valid during the call.
typedef struct {
  void *context;
  void (*key)(void *context, const char *text, size_t length);
  void (*begin_table)(void *context);
  void (*begin_array)(void *context);
  // Ends the innermost table or array.
  void (*end)(void *context);
  void (*string)(void *context, const char *text, size_t length);
  void (*integer)(void *context, int64_t value);
  void (*boolean)(void *context, bool value);
  // A number with a fraction, a date or a time.
  void (*other)(void *context);
} etb_toml_visitor;

// Parses a document. On an error nothing is reported to the visitor; line and column (from 1) say where it is, and
// `message` (of `size` bytes) gets toml++'s description, or nothing where it has none. The caller limits the number of
// parts of a key: each creates a table inside the previous one, and toml++ destroys them recursively.
bool etb_toml_parse(const char *text, size_t length, const etb_toml_visitor *visitor, uint32_t *line, uint32_t *column,
                    char *message, size_t size);

#ifdef __cplusplus
}
#endif

#endif
