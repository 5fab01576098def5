// fd, which runs a command for what it finds, as find does.
#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos && text.size() < (64 << 10);
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

} // namespace

// fd PATTERN ROOT… -x COMMAND: as find -exec.
void Walk::special_fd(Call& call) {
    std::size_t at = 1;
    const auto starts = [](const Value& word) {
        return word.is("-x") || word.is("--exec") || word.is("-X") || word.is("--exec-batch");
    };
    while (at < call.argv.size() && !starts(call.argv[at])) ++at;
    if (at + 1 >= call.argv.size()) return;
    const auto& operands = call.arguments.operands;
    std::vector<std::string> roots;
    for (std::size_t i = 1; i < operands.size() && operands[i].span.begin < call.argv[at].span.begin; ++i)
        roots.push_back(absolute(operands[i].text).front());
    if (roots.empty()) roots.push_back(folders().front());
    const bool all = (operands.empty() || operands[0].is(".") || operands[0].is("")) && !call.arguments.has("-e");
    for (const auto& root : roots) {
        const Value* extension = call.arguments.value_of("-e");
        const std::string name = std::string(kHole) + (extension != nullptr ? "." + extension->text : "");
        const std::string found = all ? root : join_path(root, name);
        std::vector<Value> words;
        bool placed = false;
        for (auto i = at + 1; i < call.argv.size() && !call.argv[i].is(";"); ++i) {
            placed = placed || call.argv[i].text.find('{') != std::string::npos;
            words.push_back({replaced(call.argv[i].text, "{}", found), call.argv[i].span});
        }
        if (!placed) words.push_back({found, call.argv[at].span});
        carry(call, std::move(words), "fd");
    }
}

// What a patch or an archive brings is put below the current folder, which -d and -D may have changed.
void Walk::special_unpack(Call& call) {
    const bool reads = call.arguments.has("--dry-run") || call.arguments.has("-t") || call.arguments.has("--to-stdout");
    const bool names = call.program == "patch" && (call.arguments.has("-o") || !call.arguments.operands.empty());
    const bool brings = call.program == "patch" || call.program == "gpatch" || call.arguments.has("-i");
    if (brings && !reads && !names) touch(call.slot, Act::write, {".", call.argv[0].span}, false, false);
}

} // namespace owhale::policy::normal
