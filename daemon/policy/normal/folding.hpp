// What harmless commands print, when their words and their input are known: echo, printf, base64 -d, tr, rev, cut …
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/normal/state.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {

struct Folded {
    bool known = false;
    std::string text;
    std::vector<std::string> names;
    bool decoded = false; // what comes out was hidden in what went in
};

struct Place {
    std::string cwd, workspace;
};

constexpr std::size_t kMaxFolded = 64 * 1024; // bytes

// nullopt: nothing is known of what it prints.
std::optional<Folded> fold(std::string_view program, const std::vector<Value>& argv, const Stream& in,
                           const Place& place);

// printf(1)'s and echo -e's escapes.
std::string unescape(std::string_view text, bool echo);
std::optional<std::string> decode_base64(std::string_view text);
std::optional<std::string> decode_base32(std::string_view text);
std::optional<std::string> decode_hex(std::string_view text);

} // namespace owhale::policy::normal
