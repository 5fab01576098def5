#include "audit/export_line.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "audit/cef.hpp"
#include "audit/ocsf.hpp"
#include "shared/error.hpp"

namespace owhale::audit {
namespace {

std::string as_json(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

bool append_jsonl(std::string& out, const Row& row, const ExportSource&) {
    ((((out += "{\"seq\":") += std::to_string(row.seq)) += ",\"hash\":\"") += row.hash) += '"';
    if (row.dropped)
        out += ",\"dropped\":true}\n";
    else
        ((out += ",\"event\":") += row.json) += "}\n";
    return true;
}

template <std::string (*to_text)(const Row&, const ExportSource&)>
bool append_text(std::string& out, const Row& row, const ExportSource& source) {
    if (row.dropped) return false;
    (out += to_text(row, source)) += '\n';
    return true;
}

struct Format {
    std::string_view name, content_type;
    bool (*append)(std::string& out, const Row& row, const ExportSource& source);
};
constexpr std::array kFormats = {
    Format{"jsonl", "application/x-ndjson", append_jsonl},
    Format{"ocsf", "application/x-ndjson", append_text<to_ocsf>},
    Format{"cef", "text/plain; charset=utf-8", append_text<to_cef>},
};

const Format& format_of(ExportFormat format) {
    return kFormats[static_cast<std::size_t>(format)];
}

} // namespace

std::optional<ExportFormat> export_format(std::string_view name) {
    for (std::size_t i = 0; i < kFormats.size(); ++i)
        if (kFormats[i].name == name) return static_cast<ExportFormat>(i);
    return std::nullopt;
}

std::string_view content_type(ExportFormat format) {
    return format_of(format).content_type;
}

bool append_line(std::string& out, ExportFormat format, const Row& row, const ExportSource& source) {
    return format_of(format).append(out, row, source);
}

void append_checkpoint(std::string& out, ExportFormat format, std::string_view note) {
    if (format == ExportFormat::jsonl) ((out += "{\"checkpoint\":") += as_json(note)) += "}\n";
}

void append_problem(std::string& out, const Error& error) {
    ((out += "{\"problem\":{\"code\":") += as_json(describe(error.code).name)) += ",\"detail\":";
    (out += as_json(error.message)) += "}}\n";
}

} // namespace owhale::audit
