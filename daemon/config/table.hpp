// The table of settings: the one place that a new one is added to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace owhale::config {

enum class Kind { choice, text, path, size, time, count };

using Member = std::variant<std::string Settings::*, std::uint64_t Settings::*, std::chrono::milliseconds Settings::*>;

struct Setting {
    std::string_view key;
    Kind kind;
    std::string_view fallback; // "": worked out by computed_default()
    Member member;
    std::uint64_t least, most; // sizes in bytes, times in milliseconds, counts; both 0 for text
    std::string_view help;     // one sentence
};

// In order: a setting whose default follows from another stands after it.
std::span<const Setting> table();
const Setting* find_setting(std::string_view key);
std::vector<std::string_view> keys();

// "OWHALE_MAX_BODY"
std::string environment_name(std::string_view key);
// What a value of this kind looks like, for --help: "SIZE".
std::string_view placeholder(const Setting& setting);

// The default of a setting whose `fallback` is "", as text; `settings` holds those before it.
Result<std::string> computed_default(std::string_view key, const Settings& settings);

// Checks a value as text and puts it into its member. The error says what is wrong with the value, not where it stood.
Status assign(Settings& settings, const Setting& setting, const std::string& value);
// The member as text, in the form that assign() reads.
std::string value_text(const Settings& settings, const Setting& setting);

} // namespace owhale::config
