// An export of an audit log, from whoever says that it is one: whatever it holds, verifying it ends, and nothing is verified that
// nobody signed.
#include <cstdlib>

#include "cli/verify/body.hpp"
#include "cli/verify/examine.hpp"
#include "cli/verify/export_lines.hpp"
#include "cli/verify/findings.hpp"
#include "cli/verify/progress.hpp"
#include "shared/api.hpp"

using namespace owhale;
using namespace owhale::cli::verify;

// What is linked and not looked at here.
std::string cli::verify::with_commas(std::uint64_t number) {
    return std::to_string(number);
}
Progress::Progress(std::uint64_t total, bool) : total_(total), shown_(false) {}
Progress::~Progress() = default;
void Progress::at(std::uint64_t) {}
namespace owhale::cli {
std::string write(const api::Run& run);
std::string write(const api::Run&) {
    std::abort();
}
} // namespace owhale::cli

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

void read_line(std::string_view line) {
    const auto read = read_export_line(line);
    if (!read || read->kind != ExportLine::Kind::event) return;
    require(read->json.data() >= line.data() && read->json.data() + read->json.size() <= line.data() + line.size());
    const auto body = read_body(read->json);
    if (!body) return;
    require(is_canonical(read->json) && is_canonical(body->data));
}

// As the text itself says what its key and its checkpoint are.
Exported told_by(std::string_view text) {
    Exported told;
    for (; !text.empty(); text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1)) {
        const auto line = read_export_line(text.substr(0, text.find('\n')));
        if (!line) continue;
        if (line->kind == ExportLine::Kind::checkpoint) told.note = line->text;
        const auto body = line->kind == ExportLine::Kind::event ? read_body(line->json) : std::nullopt;
        if (body && body->event == "audit.opened") told.key = named_key(body->data);
    }
    return told;
}

void examine(std::string_view text, const Exported& told, std::size_t piece) {
    const Pieces pieces = [text, piece]() mutable -> Result<std::string> {
        const auto some = text.substr(0, piece);
        text.remove_prefix(some.size());
        return std::string(some);
    };
    const auto report = examine_export(pieces, told, Request{});
    if (!report) require(!report.error().message.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (auto rest = text; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        read_line(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    (void)is_canonical(text);
    if (const auto quoted = between_quotes(text)) require(is_canonical("\"" + *quoted + "\""));
    (void)microseconds(text);
    const auto told = told_by(text);
    examine(text, told, 4096);
    examine(text, told, 7);
    return 0;
}
