#include "cli/toml_block.hpp"

#include <algorithm>
#include <exception>
#include <toml++/toml.h>

namespace owhale::cli {
namespace {

Result<toml::table> read(std::string_view text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        return fail(Code::malformed_json,
                    "line " + std::to_string(error.source().begin.line) +
                        " is no TOML: " + std::string(error.description()),
                    "mend the file by hand");
    } catch (const std::exception&) { // where the reader asserts: base/toml_reader makes that an exception
        return fail(Code::malformed_json, "the file is no TOML", "mend it by hand");
    }
}

std::string head_of(std::string_view at, std::string_view name) {
    return "[" + std::string(at) + "." + std::string(name) + "]";
}

const toml::table* table_in(const toml::table& whole, std::string_view at, std::string_view name) {
    const auto* outer = whole[at].as_table();
    return outer == nullptr ? nullptr : (*outer)[name].as_table();
}

std::string_view trimmed(std::string_view line) {
    const auto first = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(first);
    return line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
}

std::string_view next_line(std::string_view& rest) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end);
    return line;
}

// The lines from the head to the next head that is not below it; the one blank line before it, which came with it.
std::string cut(std::string_view text, const std::string& head) {
    const auto below = head.substr(0, head.size() - 1) + ".";
    std::string out;
    bool inside = false;
    while (!text.empty()) {
        const auto line = next_line(text);
        const auto words = trimmed(line);
        if (words == head) {
            inside = true;
            if (out.ends_with("\n\n")) out.pop_back();
        } else if (inside && words.starts_with('[') && !words.starts_with(below)) {
            inside = false;
            if (!out.empty()) out += '\n';
        }
        if (!inside) out += line;
    }
    return out;
}

} // namespace

Result<std::string> with_table(std::string_view text, std::string_view at, std::string_view name,
                               std::string_view body) {
    const auto whole = TRY(read(text));
    if (table_in(whole, at, name) != nullptr)
        return fail(Code::conflict, "it has " + head_of(at, name) + " already", "take that one out by hand");
    std::string out(text);
    if (!out.empty()) out += out.ends_with('\n') ? "\n" : "\n\n";
    out += head_of(at, name) + "\n" + std::string(trimmed(body)) + "\n";
    const auto after = read(out);
    if (!after || table_in(*after, at, name) == nullptr)
        return fail(Code::conflict, "a table " + head_of(at, name) + " cannot stand at its end",
                    "put it in by hand: owhalectl agents add --print shows it");
    return out;
}

Result<bool> has_table(std::string_view text, std::string_view at, std::string_view name, std::string_view body) {
    const auto whole = TRY(read(text));
    const auto wanted = TRY(read(body));
    const auto* found = table_in(whole, at, name);
    return found != nullptr && *found == wanted;
}

Result<std::string> without_table(std::string_view text, std::string_view at, std::string_view name,
                                  bool (*is_ours)(std::string_view)) {
    const auto whole = TRY(read(text));
    const auto* found = table_in(whole, at, name);
    if (found == nullptr) return std::string(text);
    const auto command = (*found)["command"].value<std::string>();
    if (!command || !is_ours(*command)) return std::string(text);
    auto out = cut(text, head_of(at, name));
    auto expected = whole;
    auto* outer = expected[at].as_table();
    outer->erase(name);
    if (outer->empty()) expected.erase(at);
    const auto after = read(out);
    if (after && *after == expected) return out;
    return fail(Code::conflict, head_of(at, name) + " is written in a way that is not ours", "take it out by hand");
}

} // namespace owhale::cli
