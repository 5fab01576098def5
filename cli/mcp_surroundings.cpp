#include "cli/mcp_surroundings.hpp"

#include <array>
#include <climits>
#include <unistd.h>

#include "cli/events.hpp"
#include "cli/percent.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostHeader = 3072; // bytes: all three fit, beside the rest, into the 16 KiB of a head

} // namespace

McpHeaders surroundings(const std::string& folder, const Lookup& lookup) {
    McpHeaders headers;
    const auto add = [&](const char* name, const std::string& text) {
        if (text.empty() || !is_utf8(text)) return;
        if (auto value = to_percent(text); value.size() <= kMostHeader) headers.emplace_back(name, std::move(value));
    };
    add("Owhale-Cwd", folder);
    add("Owhale-Path", lookup("PATH").value_or(""));
    add("Owhale-Home", lookup("HOME").value_or(""));
    return headers;
}

McpHeaders own_surroundings() {
    std::array<char, PATH_MAX> buffer{};
    const bool there = ::getcwd(buffer.data(), buffer.size()) != nullptr && buffer[0] == '/';
    return surroundings(there ? buffer.data() : "", own_variable);
}

} // namespace owhale::cli
