// One TOML table read strictly: every key must be known, and every error names file, line and column.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <vector>

#include "shared/error.hpp"

namespace owhale::sandbox {

// profile_invalid: "FILE:LINE:COLUMN: what".
Result<toml::table> parse_toml(std::string_view file, std::string_view text);

class TomlReader {
public:
    TomlReader(std::string_view file, const toml::table& table) : file_(file), table_(table) {}

    // Refuses any key that is none of these, naming the nearest one.
    Status only(std::initializer_list<std::string_view> known) const;
    std::optional<TomlReader> table(std::string_view key, Status& status) const;
    Result<std::optional<std::string>> string(std::string_view key) const;
    Result<std::optional<bool>> boolean(std::string_view key) const;
    // A whole number, or text with a unit.
    Result<std::optional<std::string>> amount(std::string_view key) const;
    Result<std::optional<double>> number(std::string_view key) const;
    Result<std::vector<std::string>> strings(std::string_view key) const;
    // Every key of the table, all of them strings.
    Result<std::map<std::string, std::string>> all_strings() const;
    // An error about the value of `key`.
    std::unexpected<Error> wrong(std::string_view key, std::string_view what) const;

private:
    std::unexpected<Error> at(const toml::source_region& where, std::string what) const;

    std::string file_;
    const toml::table& table_;
};

} // namespace owhale::sandbox
