// Copies and links: what is known of a file is known of its copy, and a program by another name is that program.
#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {

// The program that lies at a path: one of the system's, or a copy of one that this text made. "" none.
std::string Walk::program_at(const std::string& path) const {
    const std::string name(base_name(path));
    for (const auto& whole : absolute(path)) {
        if (const Cell* copy = state_.get("p:" + whole); copy != nullptr && copy->values.size() == 1)
            return copy->values.front();
        const bool bin = whole.find("bin/") != std::string::npos;
        if (bin && find_program(name) != nullptr) return name;
    }
    const bool named = path == name && file(path) == nullptr && is_shadowed(name); // $(which rm) is "rm"
    return named && find_program(name) != nullptr ? name : "";
}

// cat /bin/rm > x: x is rm.
void Walk::follow_copy(const Call& call, Stream& out) const {
    constexpr std::string_view kKeep[] = {"cat", "head", "tail", "dd", "sed", "tee", "pv", "tac", "awk", "grep"};
    if (std::ranges::find(kKeep, call.program) == std::end(kKeep)) return;
    const Stream* in = call.in();
    if (in != nullptr) out.program = in->program.empty() && !in->file.empty() ? program_at(in->file) : in->program;
    for (const auto& access : out_.commands[call.slot].accesses)
        if (access.act == Act::read && access.path.find("bin/") != std::string::npos)
            out.program = program_at(access.path);
}

void Walk::special_dd(Call& call) {
    const Value* to = call.arguments.value_of("of");
    const Value* from = call.arguments.value_of("if");
    if (const std::string program = from == nullptr ? "" : program_at(from->text); to != nullptr && !program.empty())
        for (const auto& whole : absolute(to->text)) state_.set("p:" + whole, program);
    if (to != nullptr && call.in() != nullptr && !call.arguments.has("if")) remember_file(to->text, *call.in());
}

// The target is read from the link's folder; the last operand may be a folder that the link goes into.
void Walk::note_link(Call& call) {
    const auto& operands = call.arguments.operands;
    constexpr std::size_t kMaxLinks = 64;
    if (operands.empty() || operands.size() > kMaxLinks || links_ > kMaxLinks) return;
    const auto last = operands.size() > 1 ? operands.size() - 1 : 1;
    for (std::size_t i = 0; i < last; ++i) {
        const std::string& target = operands[i].text;
        const std::string name(base_name(target));
        const auto at =
            operands.size() > 1 ? absolute(operands.back().text).front() : join_path(absolute(".").front(), name);
        const bool folder =
            operands.size() > 2 || operands.back().text.ends_with('/') || operands.back().text.ends_with('.');
        const auto link = operands.size() > 1 && folder ? join_path(at, name) : at;
        const auto leads = absolute_path(target, parent_path(link));
        if (link == leads) continue;
        state_.set("l:" + link, leads);
        ++links_;
    }
}

void Walk::special_copy(Call& call) {
    const auto& operands = call.arguments.operands;
    if (call.row->name == "base64") { // decodes into a redirection: the stream carries it
        return;
    }
    if (call.row->name == "tee") {
        Stream copy;
        if (call.in() != nullptr) copy = *call.in();
        for (const auto& operand : operands) remember_file(operand.text, copy);
        return;
    }
    if (call.row->name == "ln" && call.arguments.has("-s")) note_link(call);
    if (operands.size() < 2) return;
    // The last operand may be a folder: then a file in it is written.
    for (std::size_t i = 0; i + 1 < operands.size() && i < 64; ++i) {
        const bool folder = operands.size() > 2 || operands.back().text.ends_with('/');
        const std::string into = absolute(operands.back().text).front();
        const std::string below = join_path(into, base_name(operands[i].text));
        if (!call.arguments.has("-t") && (folder || !in_workspace(into)))
            touch(call.slot, Act::write, {below, operands.back().span}, false, false);
    }
    for (std::size_t i = 0; i + 1 < operands.size(); ++i) {
        // A program by another name.
        if (const std::string from = program_at(operands[i].text); !from.empty() && call.row->name != "tee")
            for (const auto& to : absolute(operands.back().text)) {
                state_.set("p:" + to, from);
                state_.set("p:" + join_path(to, base_name(operands[i].text)), from);
            }
        const Cell* cell = file(operands[i].text);
        if (cell == nullptr) continue;
        const Cell copy = *cell;
        for (const auto& to : absolute(operands.back().text)) {
            state_.set("f:" + to, copy);
            state_.set("f:" + join_path(to, base_name(operands[i].text)), copy);
        }
    }
}

} // namespace owhale::policy::normal
