// Loops of the shell: how often, for how long, and what is known after them.
#include <algorithm>

#include "policy/normal/shell_pattern.hpp"
#include "policy/normal/substitutions.hpp"
#include "policy/normal/volume.hpp"

namespace owhale::policy::normal {
namespace {

using shell::CommandKind;

constexpr std::size_t kMaxRounds = 16, kMaxUnrolled = 4096;
constexpr double kManyRounds = 1e6, kManyStarts = 5000; // rounds of a loop that need no end to be too many

bool is_word(const shell::Command& command, std::size_t index, std::string_view text) {
    if (index >= command.words.size() || command.words[index].parts.size() != 1) return false;
    const auto& part = command.words[index].parts[0];
    return part.kind == shell::PartKind::literal && part.text == text;
}

template <typename Visit>
void visit(const shell::Script& script, const Visit& seen, bool background = false, int depth = 0) {
    if (depth > 64) return;
    for (const auto& statement : script.statements) {
        const bool behind = background || statement.background;
        for (const auto& link : statement.links)
            for (const auto& command : link.pipeline.commands) {
                seen(command, behind);
                for (const auto& body : command.bodies) visit(body, seen, behind, depth + 1);
                for (const auto& arm : command.arms) visit(*arm.body, seen, behind, depth + 1);
            }
    }
}

bool leaves(const shell::Script& body) {
    bool found = false;
    visit(body, [&](const shell::Command& command, bool) {
        for (const auto word : {"break", "return", "exit", "exec", "kill"}) found = found || is_word(command, 0, word);
    });
    return found;
}

bool waits(const shell::Script& body) {
    bool found = leaves(body);
    visit(body, [&](const shell::Command& command, bool background) {
        if (background) return; // sleep 1000 & waits for nothing
        if (is_word(command, 0, "sleep") && is_word(command, 1, "0")) return;
        for (const auto word : {"sleep", "read", "wait", "inotifywait", "usleep", "timeout"})
            found = found || is_word(command, 0, word);
    });
    return found;
}

bool starts_many(const shell::Script& body) { // in the background
    bool found = false;
    visit(body, [&](const shell::Command&, bool background) { found = found || background; });
    return found;
}

bool runs_something(const shell::Script& body) { // that is more than counting
    bool found = false;
    visit(body, [&](const shell::Command& command, bool) {
        bool counts = command.kind != CommandKind::simple || command.words.empty();
        for (const auto word : {":", "true", "echo", "printf", "let", "[", "test", "continue"})
            counts = counts || is_word(command, 0, word);
        found = found || !counts || !command.redirects.empty();
    });
    return found;
}

bool is_long(double rounds, const shell::Script& body) {
    return rounds >= 10 * kManyRounds || (rounds >= kManyRounds && runs_something(body)) ||
           (rounds >= kManyStarts && starts_many(body));
}

// What succeeds as long as there is room: `while mkdir x && cd x; do :; done`.
bool fills(const shell::Command& condition) {
    for (const auto word : {"mkdir", "ln", "cp", "touch", "dd", "mktemp", "fallocate"})
        if (is_word(condition, 0, word)) return true;
    const bool prints =
        is_word(condition, 0, "cat") || is_word(condition, 0, "echo") || is_word(condition, 0, "printf");
    return prints && std::ranges::any_of(condition.redirects, [](const shell::Redirect& redirect) {
               return redirect.op == shell::RedirectOp::out || redirect.op == shell::RedirectOp::append;
           });
}

bool is_forever(const shell::Command& loop) {
    if (loop.kind == CommandKind::arith_for) {
        const auto first = loop.text.find(';'), last = loop.text.rfind(';');
        if (first == std::string::npos) return false;
        const auto condition = loop.text.substr(first + 1, last - first - 1);
        const auto digits = condition.find_first_of("0123456789");
        if (digits != std::string::npos && digits > 0 && condition.find('<') < digits)
            return is_long(
                size_of(condition.substr(digits, condition.find_first_not_of("0123456789", digits) - digits)),
                loop.bodies.back());
        return condition.find_first_not_of(" \t") == std::string::npos;
    }
    if (loop.kind != CommandKind::while_loop && loop.kind != CommandKind::until_loop) return false;
    const auto& statements = loop.bodies[0].statements;
    if (statements.size() == 1 && statements[0].links[0].pipeline.commands.size() == 1 &&
        loop.kind == CommandKind::while_loop && fills(statements[0].links[0].pipeline.commands[0]))
        return true;
    if (statements.size() != 1 || statements[0].links.size() != 1) return false;
    const auto& condition = statements[0].links[0].pipeline.commands;
    if (condition.size() != 1) return false;
    const bool until = loop.kind == CommandKind::until_loop;
    if (condition[0].kind == CommandKind::arithmetic)
        return !until && condition[0].text.find('1') != std::string::npos && condition[0].text.size() < 8;
    if (until) return is_word(condition[0], 0, "false");
    if (is_word(condition[0], 0, "[")) return is_word(condition[0], 2, "]");
    return is_word(condition[0], 0, "true") || is_word(condition[0], 0, ":") || is_word(condition[0], 0, "sleep");
}

bool may_end(const shell::Command& command) {
    using enum CommandKind;
    if (command.kind == for_loop) // over files; not over numbers
        return std::ranges::none_of(command.words, [](const shell::Word& word) {
            return std::ranges::any_of(word.parts,
                                       [](const auto& part) { return part.kind == shell::PartKind::brace; });
        });
    for (const auto kind : {if_clause, case_clause, while_loop, until_loop, arith_for, select_loop, test, arithmetic})
        if (command.kind == kind) return true;
    for (const auto word : {"[", "test", "return", "exit", "exec", "unset", "shift", "read"})
        if (is_word(command, 0, word)) return true;
    return false;
}

bool is_name(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

} // namespace

// A function that calls itself can only end where something decides that it does.
bool has_condition(const shell::Command& function) {
    bool found = false;
    for (const auto& body : function.bodies)
        visit(body, [&](const shell::Command& command, bool) { found = found || may_end(command); });
    return found;
}

// What a loop assigns is not known at the start of its next round.
// A value with a substitution in it: what arithmetic makes of it is looked at where it happens.
bool Walk::runs_in_arithmetic(const std::string& name) const {
    const Cell* cell = state_.get("v:" + name);
    return cell != nullptr && std::ranges::any_of(cell->values, [](const std::string& value) {
               return value.find("$(") != std::string::npos || value.find('`') != std::string::npos;
           });
}

void Walk::forget_assigned(const shell::Command& command) {
    const auto forget = [&](const std::string& name) {
        const std::string key = "v:" + name;
        const Cell* known = state_.get(key);
        if (known != nullptr && known->values.size() == 1 && known->values[0] == kHole) return;
        Cell cell;
        if (known != nullptr) cell.taint = known->taint;
        cell.values = {std::string(kHole)};
        cell.reason = "$" + name + " changes in a loop";
        state_.set(key, std::move(cell));
    };
    const auto look = [&](const shell::Command& inner, bool = false) {
        for (const auto& assignment : inner.assignments) forget(assignment.name);
        if (inner.kind == CommandKind::for_loop) forget(inner.name);
        if (inner.kind == CommandKind::arithmetic || inner.kind == CommandKind::arith_for) {
            std::string name;
            for (const char c : inner.text + ";") {
                if (is_name(std::string(1, c)))
                    name += c;
                else {
                    const bool changes = c == '=' || c == '+' || c == '-' || c == '*' || c == '/' || c == '%';
                    const bool known = !name.empty() && state_.get("v:" + name) != nullptr;
                    const bool named = !name.empty() && (name[0] < '0' || name[0] > '9');
                    if ((known && !runs_in_arithmetic(name)) || (named && changes))
                        state_.set("v:" + name, std::string(kAnyName));
                    name.clear();
                }
            }
        }
    };
    look(command);
    for (const auto& body : command.bodies) visit(body, look);
}

// The folder after a loop: where it was, where it went; anywhere, when it climbed.
bool Walk::settle_folder(const std::vector<std::string>& before) {
    const auto after = folders();
    if (after == before) return false;
    Cell cell;
    cell.values = before;
    for (const auto& folder : after) {
        const bool climbed = std::ranges::none_of(before, [&](const auto& old) { return folder.size() >= old.size(); });
        cell.values.push_back(climbed ? std::string(kHole) : folder);
    }
    if (cell.values.size() > kMaxAlternatives) cell.values = {std::string(kHole)};
    state_.set(".", std::move(cell));
    return true;
}

Stream Walk::loop(const shell::Command& command, Frame& frame) {
    const auto before = folders();
    Frame own = frame;
    const auto& body = command.bodies.back();
    own.endless = frame.endless || is_forever(command);
    own.waits = frame.waits || waits(body) || waits(command.bodies[0]);
    const auto mark = state_.mark();
    if (command.kind == CommandKind::arith_for)
        look_at_words(command, frame); // before what it begins with is forgotten
    forget_assigned(command);
    if (command.kind == CommandKind::arith_for)
        look_at_words(command, frame);
    else
        script(command.bodies[0], own);
    Stream out;
    out.taint = script(body, own).taint;
    settle_folder(before);
    state_.join({state_.leave(mark), {}});
    return out;
}

Stream Walk::for_each(const shell::Command& command, Frame& frame) {
    Substitutions substitutions(*this, frame, std::nullopt);
    Expander expander(state_, facts_, substitutions, budget_);
    std::vector<std::string> values;
    bool unknown = false;
    if (command.listed)
        for (const auto& word : command.words)
            for (auto& value : expander.fields(word)) values.push_back(std::move(value.text));
    else if (const Cell* arguments = state_.get("@"))
        values = arguments->elements;
    else
        unknown = true;
    if (values.empty() && !unknown) return {.given = true, .known = true};
    const auto hard = [](const std::string& v) {
        return v.find('/') != std::string::npos || v.starts_with('-') || v.find(kHole) != std::string::npos;
    };
    const bool simple_names = std::ranges::none_of(values, hard);
    if (unknown || values.size() > kMaxRounds || unrolled_ > kMaxUnrolled || command.kind == CommandKind::select_loop)
        values = {std::string(simple_names && !unknown ? kAnyName : kHole)};
    const auto before = folders();
    double rounds = 0;
    for (const auto& word : command.words)
        if (word.span.end <= frame.text.size() && word.span.begin < word.span.end)
            rounds += words_of(frame.text.substr(word.span.begin, word.span.end - word.span.begin));
    const bool many = command.kind == CommandKind::for_loop && is_long(rounds, command.bodies[0]);
    const bool leaving = leaves(command.bodies[0]);
    Stream all{.given = true, .known = !leaving && values.size() > 1};
    if (values.size() == 1) forget_assigned(command);
    std::vector<Changes> ends;
    const auto mark = state_.mark();
    for (const auto& value : values) {
        const auto start = out_.commands.size();
        Cell cell;
        cell.values = {value};
        cell.taint = expander.taint;
        cell.reason = "$" + command.name + " goes through values that are known only when it runs";
        state_.set("v:" + command.name, std::move(cell));
        Frame own = frame;
        own.endless = frame.endless || many;
        own.waits = frame.waits || (many && waits(command.bodies[0]));
        Stream out = script(command.bodies[0], own);
        all.taint.add(out.taint);
        all.known = all.known && out.known;
        all.text += out.text;
        unrolled_ += out_.commands.size() - start;
        if (stopped()) break;
    }
    if (leaving) forget_assigned(command);
    settle_folder(values.size() > 1 && !leaving ? folders() : before);
    auto changes = state_.leave(mark);
    if (leaving || values.size() == 1)
        state_.join({std::move(changes), {}});
    else
        state_.apply(std::move(changes));
    return all;
}

} // namespace owhale::policy::normal
