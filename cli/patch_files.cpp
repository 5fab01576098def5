#include "cli/patch_files.hpp"

#include <algorithm>
#include <array>

namespace owhale::cli {
namespace {

constexpr std::array<std::string_view, 4> kHeads = {
    "*** Add File:", "*** Update File:", "*** Delete File:", "*** Move to:"};

// What the agent's own reader strips: Unicode's White_Space, and in JavaScript the mark of byte order.
constexpr std::array<std::string_view, 26> kBlanks = {
    " ",      "\t",     "\r",     "\n",     "\v",     "\f",     "\u0085", "\u00a0", "\u1680",
    "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"};

} // namespace

std::string_view trimmed(std::string_view text) {
    const auto begins = [&](std::string_view blank) { return text.starts_with(blank); };
    const auto ends = [&](std::string_view blank) { return text.ends_with(blank); };
    for (auto at = std::ranges::find_if(kBlanks, begins); at != kBlanks.end();
         at = std::ranges::find_if(kBlanks, begins))
        text.remove_prefix(at->size());
    for (auto at = std::ranges::find_if(kBlanks, ends); at != kBlanks.end(); at = std::ranges::find_if(kBlanks, ends))
        text.remove_suffix(at->size());
    return text;
}

std::vector<std::string> patched_files(std::string_view patch) {
    std::vector<std::string> files;
    while (!patch.empty()) {
        const auto end = std::min(patch.find('\n'), patch.size());
        const auto line = trimmed(patch.substr(0, end));
        patch.remove_prefix(std::min(end + 1, patch.size()));
        for (const auto head : kHeads) {
            if (!line.starts_with(head)) continue;
            auto name = line.substr(head.size());
            if (name.starts_with(' ')) name.remove_prefix(1); // further ones are the name's, or not: nobody knows
            if (!name.empty()) files.emplace_back(name);
        }
    }
    return files;
}

} // namespace owhale::cli
