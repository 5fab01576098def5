#define TOML_IMPLEMENTATION
#include "base/toml_reader.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/utf8.hpp"
#include "shared/nearest.hpp"

namespace owhale {
namespace {

std::unexpected<Error> at_position(Code code, std::string_view file, const toml::source_position& where,
                                   std::string_view what) {
    return fail(code, std::string(file) + ":" + std::to_string(where.line) + ":" + std::to_string(where.column) + ": " +
                          std::string(what));
}

// The place of a byte.
toml::source_position position_of(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line = static_cast<toml::source_index>(std::ranges::count(before, '\n') + 1);
    return {line, static_cast<toml::source_index>(offset - (before.rfind('\n') + 1) + 1)};
}

} // namespace

void refuse_assertion() {
    throw std::logic_error("the reader of TOML cannot go on");
}

Result<toml::table> parse_toml(Code code, std::string_view file, std::string_view text) {
    if (const auto bad = first_not_utf8(text); bad < text.size())
        return at_position(code, file, position_of(text, bad), "TOML is UTF-8, and this byte is not");
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        return at_position(code, file, error.source().begin, error.description());
    } catch (const std::exception& error) {
        return at_position(code, file, {1, 1}, std::string("this is no TOML: ") + error.what());
    }
}

std::unexpected<Error> TomlReader::at(const toml::source_region& where, std::string_view what) const {
    return at_position(code_, file_, where.begin, what);
}

std::unexpected<Error> TomlReader::wrong(std::string_view key, std::string_view what) const {
    const auto* node = table_.get(key);
    return at(node != nullptr ? node->source() : table_.source(), std::string(key) + ": " + std::string(what));
}

Status TomlReader::only(std::span<const std::string_view> known) const {
    for (const auto& [key, value] : table_) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        std::string what = "unknown key `" + std::string(key.str()) + "`";
        const auto near = nearest(key.str(), known);
        if (near) what += ", did you mean `" + std::string(*near) + "`?";
        return at(key.source(), what);
    }
    return {};
}

std::optional<TomlReader> TomlReader::table(std::string_view key, Status& status) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_table()) {
        status = wrong(key, "must be a table");
        return std::nullopt;
    }
    return TomlReader(code_, file_, *node->as_table());
}

Result<std::optional<std::string>> TomlReader::string(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_string()) return wrong(key, "must be a string");
    return node->as_string()->get();
}

Result<std::optional<bool>> TomlReader::boolean(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_boolean()) return wrong(key, "must be true or false");
    return node->as_boolean()->get();
}

Result<std::optional<std::string>> TomlReader::amount(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_integer() && node->as_integer()->get() >= 0) return std::to_string(node->as_integer()->get());
    if (node->is_string()) return node->as_string()->get();
    return wrong(key, "must be a whole number, or a string with a unit");
}

Result<std::optional<double>> TomlReader::number(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value<double>();
    if (!value) return wrong(key, "must be a number");
    return *value;
}

Result<std::vector<std::string>> TomlReader::strings(std::string_view key) const {
    std::vector<std::string> out;
    const auto* node = table_.get(key);
    if (node == nullptr) return out;
    if (!node->is_array()) return wrong(key, "must be a list of strings");
    for (const auto& item : *node->as_array()) {
        if (!item.is_string()) return at(item.source(), std::string(key) + ": must be a list of strings");
        out.push_back(item.as_string()->get());
    }
    return out;
}

Result<std::vector<Placed>> TomlReader::words(std::string_view key) const {
    std::vector<Placed> out;
    const auto* node = table_.get(key);
    if (node == nullptr) return out;
    const auto add = [&](const toml::node& item) {
        if (!item.is_string()) return false;
        const auto& where = item.source().begin;
        out.push_back({item.as_string()->get(), where.line, where.column});
        return true;
    };
    if (add(*node)) return out;
    if (!node->is_array()) return wrong(key, "must be a string or a list of strings");
    for (const auto& item : *node->as_array())
        if (!add(item)) return at(item.source(), std::string(key) + ": must be a string or a list of strings");
    return out;
}

Result<std::vector<TomlReader>> TomlReader::tables(std::string_view key) const {
    std::vector<TomlReader> out;
    const auto* node = table_.get(key);
    if (node == nullptr) return out;
    const auto what = "must be a list of tables: [[" + std::string(key) + "]]";
    if (!node->is_array()) return wrong(key, what);
    for (const auto& item : *node->as_array()) {
        if (!item.is_table()) return at(item.source(), what);
        out.emplace_back(code_, file_, *item.as_table());
    }
    return out;
}

Result<std::map<std::string, std::string>> TomlReader::all_strings() const {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : table_) {
        if (!value.is_string()) return at(value.source(), std::string(key.str()) + ": must be a string");
        out[std::string(key.str())] = value.as_string()->get();
    }
    return out;
}

} // namespace owhale
