#include "identity/names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "identity/principal.hpp"
#include "identity/utf8.hpp"
#include "shared/nearest.hpp"

namespace owhale::identity {
namespace {

constexpr std::size_t kLongest = 32;
constexpr const char* kForm = "a name is a letter a to z, then up to 31 of a-z, 0-9, dot, underscore and dash";

struct Range {
    char32_t first, last;
};
// General categories Cc, Cf, Zl and Zp.
constexpr std::array kUnseen = {
    Range{0x00, 0x1f},       Range{0x7f, 0x9f},       Range{0xad, 0xad},       Range{0x600, 0x605},
    Range{0x61c, 0x61c},     Range{0x6dd, 0x6dd},     Range{0x70f, 0x70f},     Range{0x890, 0x891},
    Range{0x8e2, 0x8e2},     Range{0x180e, 0x180e},   Range{0x200b, 0x200f},   Range{0x2028, 0x202e},
    Range{0x2060, 0x206f},   Range{0xfeff, 0xfeff},   Range{0xfff9, 0xfffb},   Range{0x110bd, 0x110bd},
    Range{0x110cd, 0x110cd}, Range{0x13430, 0x1343f}, Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a},
    Range{0xe0001, 0xe0001}, Range{0xe0020, 0xe007f},
};

bool is_unseen(char32_t character) {
    return std::ranges::any_of(kUnseen,
                               [&](auto range) { return character >= range.first && character <= range.last; });
}

std::string described(char32_t character) {
    if (character >= 'A' && character <= 'Z') return "the capital " + std::string(1, static_cast<char>(character));
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "U+%04X", static_cast<unsigned>(character));
    if (is_unseen(character)) return std::string("the unseen character ") + text.data();
    if (character > 0x7e) return std::string("the character ") + text.data() + ", which is not ASCII";
    return "\"" + std::string(1, static_cast<char>(character)) + "\"";
}

bool fits(char32_t character, bool first) {
    if (character >= 'a' && character <= 'z') return true;
    const bool digit = character >= '0' && character <= '9';
    return !first && (digit || character == '.' || character == '_' || character == '-');
}

} // namespace

Status check_name(std::string_view name) {
    if (name.empty()) return fail(Code::invalid_value, "the name is empty", kForm);
    const auto characters = code_points(name.substr(0, 4 * kLongest));
    for (std::size_t i = 0; characters && i < characters->size(); ++i)
        if (const auto character = (*characters)[i]; !fits(character, i == 0))
            return fail(Code::invalid_value,
                        "the name " + std::string(i == 0 ? "begins with " : "holds ") + described(character), kForm);
    if (name.size() > kLongest) return fail(Code::invalid_value, "the name is longer than 32 characters", kForm);
    if (!characters) return fail(Code::invalid_value, "the name is not valid UTF-8", kForm);
    return {};
}

Result<std::uint32_t> roles_of(const std::vector<std::string>& names, bool empty_too) {
    std::vector<std::string_view> known;
    for (const auto& row : roles()) known.push_back(row.name);
    constexpr const char* kRoles = "roles: admin, approver, agent, auditor, monitor";
    if (names.empty() && !empty_too) return fail(Code::invalid_value, "no role is named", kRoles);
    std::uint32_t set = 0;
    for (const auto& name : names) {
        const auto row = std::ranges::find(roles(), name, &RoleRow::name);
        if (row == roles().end()) {
            const auto close = nearest(name.substr(0, 32), known);
            return fail(Code::invalid_value, "there is no role of that name",
                        close ? "did you mean " + std::string(*close) + "? " + kRoles : kRoles);
        }
        if ((set & row->role) != 0)
            return fail(Code::invalid_value, "the role " + name + " stands twice", "name it once");
        set |= row->role;
    }
    return set;
}

bool is_plain_text(std::string_view text, std::size_t most) {
    if (text.empty() || text.size() > most) return false;
    const auto characters = code_points(text);
    return characters && std::ranges::none_of(*characters, is_unseen);
}

} // namespace owhale::identity
