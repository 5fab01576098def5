#include "cli/mcp_lines.hpp"

#include <utility>

namespace owhale::cli {
namespace {

constexpr std::string_view kBlank = " \t\r";

} // namespace

void McpLines::take(std::string_view bytes) {
    for (;;) {
        const auto end = bytes.find('\n');
        add(bytes.substr(0, end));
        if (end == std::string_view::npos) return;
        finish();
        bytes.remove_prefix(end + 1);
    }
}

void McpLines::end() {
    finish();
}

void McpLines::add(std::string_view part) {
    if (skipping_) return;
    if (part.size() <= most_ - waiting_.size()) {
        waiting_ += part;
        return;
    }
    skipping_ = true;
    waiting_ = {};
    acts_.too_long();
}

void McpLines::finish() {
    auto line = std::exchange(waiting_, {});
    if (!std::exchange(skipping_, false) && line.find_first_not_of(kBlank) != std::string::npos)
        acts_.line(std::move(line));
}

} // namespace owhale::cli
