#include "cli/ids.hpp"

#include <algorithm>

namespace owhale::cli {
namespace {

constexpr std::size_t kLeastPart = 6;
constexpr std::size_t kIdLength = 36;

bool is_id_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

} // namespace

bool is_whole_id(std::string_view text) {
    return text.size() == kIdLength && std::ranges::all_of(text, is_id_character);
}

Result<std::string> whole_or_part(const std::string& named, const std::string& noun, const std::string& list) {
    if (is_whole_id(named)) return named;
    if (!std::ranges::all_of(named, is_id_character))
        return fail(Code::bad_request, "'" + named + "' is no " + noun + "'s id", list);
    if (named.size() < kLeastPart)
        return fail(Code::bad_request,
                    "'" + named + "' is too short for a " + noun + "'s id: give at least 6 characters", list);
    return std::string();
}

Result<std::string> meant_id(const std::string& named, const std::vector<std::string>& ids, const std::string& noun,
                             const std::string& list) {
    std::string found;
    for (const auto& id : ids) {
        if (!id.starts_with(named) && !id.ends_with(named)) continue;
        if (!found.empty())
            return fail(Code::bad_request, "more than one " + noun + "'s id begins or ends with '" + named + "'",
                        "write more of it; " + list);
        found = id;
    }
    if (found.empty()) return fail(Code::not_found, "no " + noun + "'s id begins or ends with '" + named + "'", list);
    return found;
}

} // namespace owhale::cli
