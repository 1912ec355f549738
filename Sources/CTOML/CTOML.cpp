#include "CTOML.h"

// Faults come back as values. What is thrown beneath (when memory runs out) ends at `noexcept`: nothing may unwind into
// Swift.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
// `visit` recurses, and so does the destructor of a table. Keys are bounded by the caller: CTOML.h.
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

#include <cstdio>
#include <string_view>

namespace {

void visit(const toml::node &node, const etb_toml_visitor &visitor) {
  if (const auto *table = node.as_table()) {
    visitor.begin_table(visitor.context);
    for (const auto &[key, value] : *table) {
      visitor.key(visitor.context, key.str().data(), key.str().size());
      visit(value, visitor);
    }
    visitor.end(visitor.context);
  } else if (const auto *array = node.as_array()) {
    visitor.begin_array(visitor.context);
    for (const auto &value : *array)
      visit(value, visitor);
    visitor.end(visitor.context);
  } else if (const auto *string = node.as_string()) {
    visitor.string(visitor.context, string->get().data(), string->get().size());
  } else if (const auto *integer = node.as_integer()) {
    visitor.integer(visitor.context, integer->get());
  } else if (const auto *boolean = node.as_boolean()) {
    visitor.boolean(visitor.context, boolean->get());
  } else {
    visitor.other(visitor.context);
  }
}

bool parse(std::string_view text, const etb_toml_visitor &visitor, uint32_t *line, uint32_t *column, char *message,
           size_t size) noexcept {
  const auto result = toml::parse(text);
  if (!result) {
    const auto &error = result.error();
    const auto description = error.description();
    *line = error.source().begin.line;
    *column = error.source().begin.column;
    std::snprintf(message, size, "%.*s", static_cast<int>(description.size()), description.data());
    return false;
  }
  visit(result.table(), visitor);
  return true;
}

} // namespace

bool etb_toml_parse(const char *text, size_t length, const etb_toml_visitor *visitor, uint32_t *line, uint32_t *column,
                    char *message, size_t size) {
  return parse(std::string_view(text, length), *visitor, line, column, message, size);
}
