// One TOML table read strictly: every key must be known, and every error names file, line and column.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

// toml++ 3.3 asserts what a broken file can make untrue: that must refuse the file, not end the process.
namespace owhale {
[[noreturn]] void refuse_assertion();
}
#define TOML_ASSERT(expression) (static_cast<bool>(expression) ? void() : ::owhale::refuse_assertion())
#include <toml++/toml.h>

namespace owhale {

// Errors here have the code that is given, and read "FILE:LINE:COLUMN: what".
Result<toml::table> parse_toml(Code code, std::string_view file, std::string_view text);

// A string, and where it stands.
struct Placed {
    std::string text;
    std::uint32_t line = 0, column = 0;
};

class TomlReader {
public:
    TomlReader(Code code, std::string_view file, const toml::table& table) : code_(code), file_(file), table_(table) {}

    const toml::table& raw() const { return table_; }
    std::uint32_t line() const { return table_.source().begin.line; }

    // Refuses any key that is none of these, naming the nearest one.
    Status only(std::span<const std::string_view> known) const;
    Status only(std::initializer_list<std::string_view> known) const {
        return only(std::span(known.begin(), known.size()));
    }
    std::optional<TomlReader> table(std::string_view key, Status& status) const;
    Result<std::optional<std::string>> string(std::string_view key) const;
    Result<std::optional<bool>> boolean(std::string_view key) const;
    // A whole number, or text with a unit.
    Result<std::optional<std::string>> amount(std::string_view key) const;
    Result<std::optional<double>> number(std::string_view key) const;
    Result<std::vector<std::string>> strings(std::string_view key) const;
    // One string, or a list of them.
    Result<std::vector<Placed>> words(std::string_view key) const;
    // A list of tables: [[key]].
    Result<std::vector<TomlReader>> tables(std::string_view key) const;
    // Every key of the table, all of them strings.
    Result<std::map<std::string, std::string>> all_strings() const;
    // An error about the value of `key`.
    std::unexpected<Error> wrong(std::string_view key, std::string_view what) const;
    std::unexpected<Error> at(const toml::source_region& where, std::string_view what) const;

private:
    Code code_;
    std::string file_;
    const toml::table& table_;
};

} // namespace owhale
