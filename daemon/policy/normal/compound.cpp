// Branches, loops, cases and functions: what may have happened after them.
#include <algorithm>

#include "policy/normal/shell_pattern.hpp"
#include "policy/normal/substitutions.hpp"
#include "policy/normal/volume.hpp"

namespace owhale::policy::normal {

using shell::CommandKind;

Stream Walk::compound(const shell::Command& command, Frame& frame) {
    Frame own = frame;
    Redirected io;
    if (!command.redirects.empty() && command.kind != CommandKind::function) {
        const auto slot = reserve(frame, command.span);
        Substitutions substitutions(*this, frame, slot);
        Expander expander(state_, facts_, substitutions, budget_);
        at(slot).program = ":";
        at(slot).known_program = true;
        at(slot).argv = {Value{":", command.span}};
        add_fact(slot, "assignment");
        io = redirect(command.redirects, expander, slot, own);
        if (at(slot).accesses.empty() && at(slot).hosts.empty() && slot + 1 == out_.commands.size())
            out_.commands.pop_back();
        if (io.has_in) own.in = &io.in;
    }
    Stream out;
    switch (command.kind) {
    case CommandKind::subshell:
        out = subshell(command.bodies[0], own);
        break;
    case CommandKind::group:
        out = script(command.bodies[0], own);
        break;
    case CommandKind::if_clause:
        out = branches(command, own);
        break;
    case CommandKind::while_loop:
    case CommandKind::until_loop:
    case CommandKind::arith_for:
        out = loop(command, own);
        break;
    case CommandKind::for_loop:
    case CommandKind::select_loop:
        out = for_each(command, own);
        break;
    case CommandKind::case_clause:
        out = cases(command, own);
        break;
    case CommandKind::function: {
        Cell cell;
        cell.function = &command;
        functions_[&command] = {frame.text, frame.fixed};
        state_.set("F:" + command.name, std::move(cell));
        if (defined_.size() < kMaxCommands) defined_.push_back(command.name);
        out.known = true;
        break;
    }
    case CommandKind::coproc: {
        own.background = true;
        own.in = &inputs_.emplace_back(Stream{.given = true}); // a pipe, written to by name
        out = subshell(command.bodies[0], own);
        break;
    }
    default:
        look_at_words(command, own);
    }
    Stream none = std::move(out);
    for (const auto& path : io.out) remember_file(path, none);
    return io.out.empty() ? none : Stream{.given = true, .known = true};
}

// [[ … ]] and (( … )) run nothing but what is substituted in their words.
void Walk::look_at_words(const shell::Command& command, Frame& frame) {
    Substitutions substitutions(*this, frame, std::nullopt);
    Expander expander(state_, facts_, substitutions, budget_);
    std::vector<std::string> values;
    for (const auto& word : command.words) values.push_back(expander.single(word).text);
    const auto is_operator = [&](std::size_t i, auto&& names) {
        const auto& parts = command.words[i].parts;
        return parts.size() == 1 && !parts[0].quoted && std::ranges::find(names, values[i]) != std::end(names);
    };
    constexpr std::string_view kNumbers[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}, kNames[] = {"-v", "-R"};
    for (std::size_t i = 0; command.kind == CommandKind::test && i < values.size(); ++i) {
        const bool compares = is_operator(i, kNumbers);
        if (compares && i > 0) expander.look_in_arithmetic(values[i - 1], true);
        if ((compares || is_operator(i, kNames)) && i + 1 < values.size())
            expander.look_in_arithmetic(values[i + 1], true);
    }
    if (command.kind != CommandKind::test) {
        for (const auto& value : values) expander.look_in_arithmetic(value, true);
        expander.look_in_arithmetic(command.text, false);
    }
    if (command.kind == CommandKind::arithmetic || command.kind == CommandKind::arith_for) forget_assigned(command);
}

Stream Walk::branches(const shell::Command& command, Frame& frame) {
    std::vector<Changes> ends;
    Stream out;
    std::size_t i = 0;
    for (; i + 1 < command.bodies.size(); i += 2) {
        script(command.bodies[i], frame); // conditions happen in order, before what they guard
        const auto mark = state_.mark();
        out.taint.add(script(command.bodies[i + 1], frame).taint);
        ends.push_back(state_.leave(mark));
    }
    const auto mark = state_.mark();
    if (i < command.bodies.size()) out.taint.add(script(command.bodies[i], frame).taint);
    ends.push_back(state_.leave(mark));
    state_.join(ends);
    return out;
}

Stream Walk::cases(const shell::Command& command, Frame& frame) {
    Substitutions substitutions(*this, frame, std::nullopt);
    Expander expander(state_, facts_, substitutions, budget_);
    const std::string word = command.words.empty() ? "" : expander.single(command.words[0]).text;
    bool known = word.find('\0') == std::string::npos && expander.met.empty() && word.size() < kMaxPatternText;
    std::vector<Changes> ends;
    Stream out;
    for (const auto& arm : command.arms) {
        bool match = false, sure = known;
        for (const auto& pattern : arm.patterns) {
            const std::string text = expander.pattern(pattern);
            const bool plain = text.find('\0') == std::string::npos && text.find('(') == std::string::npos;
            sure = sure && plain;
            match = match || (plain && known && shell_match(text, word));
        }
        if (sure && !match) continue;
        const auto mark = state_.mark();
        out.taint.add(script(*arm.body, frame).taint);
        ends.push_back(state_.leave(mark));
        known = known && sure;
        if (sure && match && arm.terminator == ";;") {
            if (ends.size() == 1) return state_.apply(std::move(ends[0])), out;
            state_.join(ends);
            return out;
        }
        if (arm.terminator != ";;") known = false;
    }
    ends.emplace_back();
    state_.join(ends);
    return out;
}

} // namespace owhale::policy::normal
