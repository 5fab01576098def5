#include "cli/verify/export_lines.hpp"

#include <boost/json/parse.hpp>
#include <charconv>

namespace owhale::cli::verify {
namespace {

bool take(std::string_view& text, std::string_view literal) {
    if (!text.starts_with(literal)) return false;
    text.remove_prefix(literal.size());
    return true;
}

bool take_number(std::string_view& text, std::uint64_t& to) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool take_hash(std::string_view& text, Hash& to) {
    if (text.size() < 2 * to.size()) return false;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        to[i] = static_cast<std::uint8_t>(16 * high + low);
    }
    text.remove_prefix(2 * to.size());
    return true;
}

std::optional<ExportLine> event_of(std::string_view rest) {
    ExportLine line{.kind = ExportLine::Kind::event};
    if (!take_number(rest, line.seq) || !take(rest, ",\"hash\":\"") || !take_hash(rest, line.hash)) return {};
    if (rest == "\",\"dropped\":true}") {
        line.kind = ExportLine::Kind::dropped;
        return line;
    }
    if (!take(rest, "\",\"event\":") || !rest.ends_with('}')) return {};
    line.json = rest.substr(0, rest.size() - 1);
    return line;
}

std::optional<ExportLine> other_of(std::string_view text) {
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr || object->size() != 1) return {};
    if (const auto* note = object->if_contains("checkpoint"); note != nullptr && note->is_string())
        return ExportLine{.kind = ExportLine::Kind::checkpoint, .text = std::string(note->get_string())};
    const auto* problem = object->if_contains("problem");
    const auto* detail =
        problem != nullptr && problem->is_object() ? problem->get_object().if_contains("detail") : nullptr;
    if (detail == nullptr || !detail->is_string()) return {};
    return ExportLine{.kind = ExportLine::Kind::problem, .text = std::string(detail->get_string())};
}

} // namespace

std::optional<ExportLine> read_export_line(std::string_view line) {
    if (line.empty()) return ExportLine{};
    auto rest = line;
    return take(rest, "{\"seq\":") ? event_of(rest) : other_of(line);
}

} // namespace owhale::cli::verify
