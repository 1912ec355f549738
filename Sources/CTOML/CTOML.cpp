#include "CTOML.h"

// toml++ asserts things about a document that do not hold for every document (`x = ["a", }`). That must be reported as
// an error in the document and must not end the program: assertions are on in every build, and throw. Everything thrown
// is caught below, or ends at `noexcept` (when memory runs out): nothing may unwind into Swift.
#undef NDEBUG
struct unexpected {};
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? static_cast<void>(0) : throw unexpected{})
#define TOML_EXCEPTIONS 1
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

bool is_unexpected(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const unexpected &) {
    return true;
  } catch (const toml::parse_error &) {
  }
  return false;
}

// Its position: the shortest prefix of the text that reaches it.
void find_unexpected(std::string_view text, uint32_t *line, uint32_t *column) {
  size_t fine = 0;
  size_t broken = text.size();
  while (broken - fine > 1) {
    const auto middle = fine + (broken - fine) / 2;
    (is_unexpected(text.substr(0, middle)) ? broken : fine) = middle;
  }
  *line = *column = 1;
  for (const char byte : text.substr(0, fine)) {
    if (byte == '\n') {
      ++*line;
      *column = 1;
    } else if ((byte & 0xC0) != 0x80) {
      ++*column;
    }
  }
}

bool parse(std::string_view text, const etb_toml_visitor &visitor, uint32_t *line, uint32_t *column, char *message,
           size_t size) noexcept {
  try {
    visit(toml::parse(text), visitor);
    return true;
  } catch (const toml::parse_error &error) {
    const auto description = error.description();
    *line = error.source().begin.line;
    *column = error.source().begin.column;
    std::snprintf(message, size, "%.*s", static_cast<int>(description.size()), description.data());
  } catch (const unexpected &) {
    find_unexpected(text, line, column);
    message[0] = 0;
  }
  return false;
}

} // namespace

bool etb_toml_parse(const char *text, size_t length, const etb_toml_visitor *visitor, uint32_t *line, uint32_t *column,
                    char *message, size_t size) {
  return parse(std::string_view(text, length), *visitor, line, column, message, size);
}
