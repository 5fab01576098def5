#include "cli/patch_files.hpp"

#include <algorithm>
#include <array>

namespace owhale::cli {
namespace {

constexpr std::array<std::string_view, 4> kHeads = {
    "*** Add File:", "*** Update File:", "*** Delete File:", "*** Move to:"};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r";
    const auto first = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

} // namespace

std::vector<std::string> patched_files(std::string_view patch) {
    std::vector<std::string> files;
    while (!patch.empty()) {
        const auto end = std::min(patch.find('\n'), patch.size());
        const auto line = trimmed(patch.substr(0, end));
        patch.remove_prefix(std::min(end + 1, patch.size()));
        for (const auto head : kHeads) {
            if (!line.starts_with(head)) continue;
            if (const auto name = trimmed(line.substr(head.size())); !name.empty()) files.emplace_back(name);
        }
    }
    return files;
}

} // namespace owhale::cli
