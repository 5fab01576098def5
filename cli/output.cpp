#include "cli/output.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "cli/drawing.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {
namespace {

std::string_view name_of_program = "owhalectl";

namespace json = boost::json;

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastFlexible = 12;

bool set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

bool dumb() {
    const char* term = std::getenv("TERM");
    return term == nullptr || std::strcmp(term, "dumb") == 0;
}

const char* code_of(Tone tone) {
    switch (tone) {
    case Tone::good:
        return "\x1b[32m";
    case Tone::bad:
        return "\x1b[31m";
    case Tone::warn:
        return "\x1b[33m";
    case Tone::dim:
        return "\x1b[2m";
    case Tone::bold:
        return "\x1b[1m";
    case Tone::plain:
        break;
    }
    return "";
}

std::string painted(const Look& look, Tone tone, std::string text) {
    if (!look.colour || tone == Tone::plain || text.empty()) return text;
    return code_of(tone) + std::move(text) + "\x1b[0m";
}

void indent(std::string& out, std::size_t depth) {
    out.append(2 * depth, ' ');
}

void pretty(std::string& out, const json::value& value, std::size_t depth) {
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out += "{\n";
        for (const auto& [key, member] : *object) {
            indent(out, depth + 1);
            out += json::serialize(json::string(key)) + ": ";
            pretty(out, member, depth + 1);
            out += &member == &(object->end() - 1)->value() ? "\n" : ",\n";
        }
        indent(out, depth);
        out += '}';
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        out += "[\n";
        for (const auto& member : *array) {
            indent(out, depth + 1);
            pretty(out, member, depth + 1);
            out += &member == &array->back() ? "\n" : ",\n";
        }
        indent(out, depth);
        out += ']';
    } else {
        out += json::serialize(value);
    }
}

void put_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 15];
}

// The same value for every reader, and nothing that a terminal obeys or hides: what it cannot show stands as \uNNNN.
std::string in_one_line(const json::value& value) {
    const auto text = json::serialize(value);
    std::string out;
    out.reserve(text.size());
    for (std::string_view rest = text; !rest.empty();) {
        const auto [character, length] = decode(rest);
        const auto bytes = std::max<std::size_t>(length, 1);
        if (length == 0 || !is_unseen(character)) {
            out += rest.substr(0, bytes);
        } else if (character < 0x10000) {
            put_unit(out, character);
        } else {
            put_unit(out, 0xd800 + ((character - 0x10000) >> 10));
            put_unit(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
        }
        rest.remove_prefix(bytes);
    }
    return out;
}

std::string lines_of(const json::value& value, std::string_view list) {
    const auto* object = value.if_object();
    const auto* members = object == nullptr ? nullptr : object->if_contains(list);
    if (members == nullptr || !members->is_array()) return in_one_line(value) + "\n";
    std::string out;
    for (const auto& member : members->get_array()) out += in_one_line(member) + "\n";
    return out;
}

} // namespace

Look look(Format format, bool no_color, bool quiet, bool verbose) {
    Look result{format, is_terminal(STDOUT_FILENO), false, 0, quiet, verbose};
    if (!result.terminal) return result;
    result.colour = !no_color && !set("NO_COLOR") && !dumb();
    if (const auto size = window_size()) result.columns = size->columns;
    return result;
}

std::string toned(const Look& look, Tone tone, std::string_view text) {
    return painted(look, tone, escaped(text));
}

Tone tone_of_state(std::string_view state) {
    if (state == "exited") return Tone::plain;
    if (state == "running") return Tone::good;
    if (state == "queued" || state == "starting" || state == "waiting_approval") return Tone::warn;
    return Tone::bad;
}

std::string Table::text(const Look& look) const {
    std::vector<std::size_t> widths;
    for (const auto& heading : headings_) widths.push_back(width(heading));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(escaped(row[i].text)));
    std::size_t others = kGap * (headings_.size() - 1);
    for (std::size_t i = 0; i < widths.size(); ++i) others += i == flexible_ ? 0 : widths[i];
    if (look.columns > 0 && others + widths[flexible_] > look.columns)
        widths[flexible_] = std::max(kLeastFlexible, look.columns > others ? look.columns - others : 0);

    std::string out;
    const auto line = [&](const std::vector<Cell>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            auto text = escaped(cells[i].text);
            if (i == flexible_) text = clipped(text, widths[i]);
            const auto used = width(text);
            out += painted(look, cells[i].tone, std::move(text));
            if (i + 1 < cells.size()) out.append(widths[i] > used ? widths[i] - used + kGap : kGap, ' ');
        }
        out += '\n';
    };
    std::vector<Cell> head;
    for (const auto& heading : headings_) head.push_back({heading, Tone::bold});
    line(head);
    for (const auto& row : rows_) line(row);
    return out;
}

void Fields::add(std::string name, std::string value, Tone tone) {
    if (!value.empty()) fields_.push_back({std::move(name), {std::move(value), tone}});
}

std::string Fields::text(const Look& look) const {
    std::size_t widest = 0;
    for (const auto& field : fields_) widest = std::max(widest, field.name.size());
    const auto label = widest + kGap;
    std::string out;
    for (const auto& [name, value] : fields_) {
        if (look.columns >= label + kLeastFlexible && label + width(escaped(value.text)) > look.columns) {
            for (const auto& line :
                 labelled({{Tone::bold, escaped(name)}}, label, value.text, look.columns, value.tone))
                out += painted(look.colour, line) + "\n";
            continue;
        }
        out += toned(look, Tone::bold, name);
        out.append(label - name.size(), ' ');
        out += toned(look, value.tone, value.text) + "\n";
    }
    return out;
}

std::string json_text(const Look& look, std::string_view body, std::string_view list) {
    boost::system::error_code error;
    const auto value = json::parse(body, error);
    if (error) return std::string(body) + "\n";
    if (look.format == Format::jsonl) return lines_of(value, list);
    if (!look.terminal) return in_one_line(value) + "\n";
    std::string out;
    pretty(out, value, 0);
    return escaped_lines(out) + "\n";
}

Status print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        return fail_errno("writing to stdout");
    return {};
}

std::string_view program_name() {
    return name_of_program;
}

void set_program_name(std::string_view name) {
    name_of_program = name;
}

void note(std::string_view line) {
    const std::string text = std::string(name_of_program) + ": " + escaped(line) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
}

void complain(const Error& error) {
    std::string line(describe(error.code).name);
    line += ": " + error.message;
    if (error.errnum != 0) line += std::string(": ") + ::strerror(error.errnum);
    note(line);
    const std::string next = error.next.empty() ? std::string(next_step(error.code)) : error.next;
    const std::string text = "  next: " + escaped(next) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace owhale::cli
