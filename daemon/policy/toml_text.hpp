// Values written as TOML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::policy {

// A basic string in its quotes; bytes that are no UTF-8 become "?".
std::string toml_string(std::string_view text);
// A string, or a list of several.
std::string toml_words(const std::vector<std::string>& words);
bool is_utf8_text(std::string_view text);
// Text as a pattern that matches it: what has a meaning in patterns becomes "?".
std::string as_pattern(std::string_view text);

} // namespace owhale::policy
