// Programs that run one command for each of many names: parallel and fd. (find and xargs: special.cpp)
#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxRounds = 16;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos && text.size() < (64 << 10);
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end > 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

// Quoted, unless a part is not known: that must stay a part of the word.
std::string quoted(const std::string& word) {
    return word.find_first_of(std::string_view{"\0'", 2}) == std::string::npos ? "'" + word + "'" : word;
}

} // namespace

// parallel COMMAND ::: a b, or for each line of its input.
void Walk::special_parallel(Call& call) {
    const auto& operands = call.arguments.operands;
    std::vector<std::string> given;
    std::string command;
    bool own = false;
    for (const auto& operand : operands) {
        if (operand.text.starts_with(":::")) {
            own = true;
            continue;
        }
        if (own)
            given.push_back(operand.text);
        else
            command += (command.empty() ? "" : " ") + operand.text;
    }
    const Stream* in = call.in();
    if (command.empty() || (!own && in == nullptr)) return;
    if (!own) given = in->known ? lines_of(in->text) : in->names;
    if (given.empty() || given.size() > kMaxRounds) given = {std::string(kHole)};
    for (const auto& name : given) {
        if (stopped()) return;
        const bool placed = command.find("{}") != std::string::npos;
        const std::string text = placed ? replaced(command, "{}", name) : command + " " + quoted(name);
        carry_code(call, "sh", {text, call.argv[0].span});
    }
}

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
        const std::string found = all ? root : join_path(root, kHole);
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

} // namespace owhale::policy::normal
