// The words by which audit events are filtered, and what a pattern of them means: owhaled's side and owhalectl's.
//
// A filter is a list by comma. Each of it is a known word, or a pattern, where `*` stands for any text: of events and outcomes as their
// tables have them, of verbs as the API has them. So a pattern is a few whole words, which the index knows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::audit {

enum class Word : std::uint8_t { event, verb, outcome };

std::span<const std::string_view> known_words(Word word);
bool fits(std::string_view pattern, std::string_view text);
std::vector<std::string_view> parts_of(std::string_view list); // one at least, perhaps ""

// The words of a list: exact ones as they are, of a pattern all that are known. None: `*` is among them, which is as no filter.
std::optional<std::vector<std::string_view>> chosen(Word word, std::string_view list);
// Whether `part` is a known word, or a pattern of one.
bool is_known(Word word, std::string_view part);
// What may have been meant by an unknown one, "did you mean run.start, run.denied? ", or "".
std::string perhaps(std::string_view part, std::span<const std::string_view> known);
// invalid_value for what is not known, with what is close; `parameter` is for the error. An empty list is none.
Status check_words(Word word, const char* parameter, std::string_view list);

} // namespace owhale::audit
