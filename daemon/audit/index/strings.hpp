// The searchable strings of an event's canonical JSON: what people look for, and nothing that only machines read.
#pragma once

#include <string>
#include <string_view>

namespace owhale::audit::index {

// Goes through the values of `json` that are strings, in order. Left out are the event's own id and time, other times of
// that form, and long runs of base64 (signatures, keys). What is no canonical JSON ends it early.
class Strings {
public:
    explicit Strings(std::string_view json) : rest_(json) {}
    // The next one, unescaped; good until the next call. False after the last.
    bool next(std::string_view& text);
    // Whether it is of the same list as the one before it, with no more than left out strings between.
    bool goes_on() const { return goes_on_; }

private:
    bool next_any(std::string_view& text);
    std::string_view unescaped(std::string_view raw);
    std::string_view rest_, member_;
    std::string buffer_;
    int depth_ = 0;
    bool apart_ = true; // a list, an object or a member began or ended since the last one
    bool goes_on_ = false;
};

// RFC 3339 as events have it: 2026-11-22T13:00:00.000000Z.
bool is_time(std::string_view text);
// Forty characters or more of base64 that no person would write: mixed cases and digits in one long run.
bool is_blob(std::string_view text);

} // namespace owhale::audit::index
