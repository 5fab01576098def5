// The lines of the file of tree heads, to text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/plan.hpp"

namespace owhale::spawner {

inline constexpr std::string_view kFirstLine = "# owhaled heads 1 "; // begins so
inline constexpr std::size_t kLongestHeadLine = 512;                 // bytes

// Empty unless it is one of C2SP signed-note: ORIGIN+ID+KEY, printable and without a blank.
std::string_view vkey_of(const char (&field)[wire::kMaxVkey]);

std::string first_line(std::string_view vkey);                         // with its end
std::string head_line(const wire::AuditHead& head, std::int64_t time); // with its end; time: seconds since 1970

// Of lines without their end. A first line is one of this version alone.
std::optional<std::string> read_first_line(std::string_view line); // the vkey
struct Head {
    std::uint64_t size = 0;
    std::uint8_t root[32] = {};
    std::int64_t time = 0;
};
std::optional<Head> read_head_line(std::string_view line);

} // namespace owhale::spawner
