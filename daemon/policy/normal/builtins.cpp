// What a shell does itself: the folder, variables, code in words.
#include <algorithm>
#include <utility>

#include "policy/normal/builtin_words.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {

const Walk::BuiltinRow* Walk::find_builtin(std::string_view name) {
    static constexpr BuiltinRow kRows[] = {
        {".", &Walk::do_source},         {":", &Walk::do_nothing},       {"alias", &Walk::do_alias},
        {"break", &Walk::do_nothing},    {"cd", &Walk::do_cd},           {"continue", &Walk::do_nothing},
        {"chdir", &Walk::do_cd},         {"declare", &Walk::do_declare}, {"dirs", &Walk::do_nothing},
        {"eval", &Walk::do_eval},        {"exit", &Walk::do_exit},       {"export", &Walk::do_declare},
        {"getopts", &Walk::do_nothing},  {"let", &Walk::do_nothing},     {"local", &Walk::do_declare},
        {"mapfile", &Walk::do_mapfile},  {"popd", &Walk::do_popd},       {"printf", &Walk::do_printf},
        {"pushd", &Walk::do_cd},         {"read", &Walk::do_read},       {"readarray", &Walk::do_mapfile},
        {"readonly", &Walk::do_declare}, {"return", &Walk::do_nothing},  {"set", &Walk::do_set},
        {"shift", &Walk::do_shift},      {"shopt", &Walk::do_nothing},   {"source", &Walk::do_source},
        {"times", &Walk::do_nothing},    {"trap", &Walk::do_trap},       {"typeset", &Walk::do_declare},
        {"umask", &Walk::do_nothing},    {"unalias", &Walk::do_nothing}, {"unset", &Walk::do_unset},
        {"wait", &Walk::do_nothing},     {"hash", &Walk::do_nothing},    {"bg", &Walk::do_nothing},
        {"fg", &Walk::do_nothing},       {"jobs", &Walk::do_nothing},    {"disown", &Walk::do_nothing},
        {"caller", &Walk::do_nothing},   {"suspend", &Walk::do_nothing}, {"bind", &Walk::do_nothing},
        {"complete", &Walk::do_nothing}, {"compgen", &Walk::do_nothing}};
    const auto* row = std::ranges::find(kRows, name, &BuiltinRow::name);
    return row == std::end(kRows) ? nullptr : row;
}

Stream Walk::do_nothing(Call& call) {
    fill_words(call);
    if (call.program == "complete" || call.program == "compgen")
        for (std::size_t i = 1; i + 1 < call.argv.size(); ++i)
            if (call.argv[i].is("-C") || call.argv[i].is("-W"))
                carry_code(call, "sh",
                           call.argv[i].is("-C") ? call.argv[i + 1]
                                                 : Value{": \"" + call.argv[i + 1].text + "\"", call.argv[i + 1].span});
    if (call.program == "let")
        for (std::size_t i = 1; i < call.argv.size(); ++i) {
            const auto name = call.argv[i].text.substr(0, call.argv[i].text.find_first_of("+-*/="));
            if (is_name(name)) state_.set("v:" + name, std::string(kAnyName));
        }
    if (call.program == "getopts" && call.argv.size() > 2) {
        state_.set("v:" + call.argv[2].text, std::string(kAnyName));
        state_.set("v:OPTARG", std::string(kHole));
    }
    return silent();
}

// Where CDPATH may lead.
void Walk::add_search_path(const Call& call, const std::string& folder, Cell& to) {
    if (folder.starts_with('/') || folder.starts_with("./") || folder.starts_with("..") || folder == ".") return;
    std::vector<std::string> paths;
    if (const Cell* set = state_.get("v:CDPATH")) paths = set->values;
    for (const auto& [name, value] : at(call.slot).env)
        if (name == "CDPATH") paths.push_back(value.text);
    if (const auto given = facts_.env.find("CDPATH"); paths.empty() && given != facts_.env.end())
        paths.push_back(given->second);
    for (const auto& path : paths)
        for (std::size_t from = 0; from < path.size() && to.values.size() < kMaxAlternatives;) {
            const auto end = std::min(path.find(':', from), path.size());
            for (auto& whole : absolute(path.substr(from, end - from))) to.values.push_back(join_path(whole, folder));
            from = end + 1;
        }
}

Stream Walk::do_cd(Call& call) {
    fill_words(call);
    std::size_t i = 1;
    while (i < call.argv.size() && is_option(call.argv[i]) && !call.argv[i].is("-")) ++i;
    const auto before = folders();
    Cell cell;
    if (i >= call.argv.size())
        cell.values = {facts_.home.empty() ? std::string(kHole) : facts_.home};
    else if (call.argv[i].is("-")) {
        const Cell* old = state_.get("-");
        cell.values = old != nullptr ? old->values : std::vector<std::string>{std::string(kHole)};
    } else if (call.argv[i].text.empty())
        cell.values = before;
    else {
        cell.values = absolute(call.argv[i].text);
        add_search_path(call, call.argv[i].text, cell);
    }
    // A folder that is not known is taken to be below the workspace, unless the way there climbs.
    bool unknown = false;
    for (auto& folder : cell.values)
        if (folder.starts_with(kHole)) {
            unknown = true;
            const bool climbs = folder.find("..") != std::string::npos || call.taint.fetched || call.taint.decoded;
            if (!climbs) folder = join_path(facts_.workspace.empty() ? facts_.cwd : facts_.workspace, kHole);
        }
    if (unknown)
        add_opaque(call.slot, call.argv.back().span,
                   "the folder is known only when it runs; it is taken to be below the workspace");
    for (const auto& folder : cell.values)
        at(call.slot).accesses.push_back({Act::list, folder, call.argv[std::min(i, call.argv.size() - 1)].span});
    state_.set("-", Cell{before});
    if (call.program == "pushd") {
        Cell stack;
        if (const Cell* old = state_.get("s:")) stack = *old;
        stack.elements.push_back(before.size() == 1 ? before.front() : std::string(kHole));
        if (stack.elements.size() < 64) state_.set("s:", std::move(stack));
    }
    state_.set(".", std::move(cell));
    return silent();
}

Stream Walk::do_popd(Call& call) {
    fill_words(call);
    const Cell* stack = state_.get("s:");
    if (stack == nullptr || stack->elements.empty()) return silent();
    Cell next = *stack;
    const std::string folder = next.elements.back();
    next.elements.pop_back();
    state_.set("s:", std::move(next));
    state_.set(".", folder);
    return silent();
}

void Walk::declare_word(Call& call, const Value& word) {
    const auto equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0) return;
    const bool append = word.text[equals - 1] == '+';
    const std::string name = word.text.substr(0, equals - (append ? 1 : 0));
    std::string value = word.text.substr(equals + 1);
    if (append)
        if (const Cell* old = state_.get("v:" + name); old != nullptr && old->values.size() == 1)
            value = old->values.front() + value;
    if (is_name(name)) state_.set("v:" + name, value, call.taint);
    for (const std::string_view array : {"BASH_ALIASES[", "BASH_CMDS["})
        if (name.starts_with(array) && name.ends_with(']'))
            name_command(name.substr(array.size(), name.size() - array.size() - 1), value, call.taint);
    at(call.slot).env.push_back({name, {value, word.span}});
}

Stream Walk::do_declare(Call& call) {
    fill_words(call);
    at(call.slot).operands.clear();
    const bool refers = std::ranges::any_of(call.argv, [](const Value& word) {
        return is_option(word) && word.text.find_first_not_of("-aAfFgiIlnrtux") == std::string::npos &&
               word.text.find('n') != std::string::npos;
    });
    const bool counts = std::ranges::any_of(call.argv, [](const Value& word) {
        return is_option(word) && word.text.find_first_not_of("-aAfFgiIlnrtux") == std::string::npos &&
               word.text.find('i') != std::string::npos;
    });
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        if (is_option(call.argv[i]))
            at(call.slot).options.push_back({call.argv[i].text, std::nullopt, call.argv[i].span});
        else {
            at(call.slot).operands.push_back(call.argv[i]);
            declare_word(call, call.argv[i]);
            const auto equals = call.argv[i].text.find('=');
            const std::string name = call.argv[i].text.substr(0, equals);
            if (counts && is_name(name)) state_.set("i:" + name, "");
            if (refers && call.program != "export" && is_name(name))
                state_.set("R:" + name,
                           equals == std::string::npos ? std::string(kHole) : call.argv[i].text.substr(equals + 1));
        }
    }
    follow_variables(call, 0);
    return silent();
}

Stream Walk::do_set(Call& call) {
    fill_words(call);
    std::size_t i = 1;
    bool dashes = false;
    while (i < call.argv.size() && (is_option(call.argv[i]) || call.argv[i].text.starts_with('+')) && !dashes) {
        dashes = call.argv[i].is("--");
        if ((call.argv[i].text == "-o" || call.argv[i].text == "+o" || call.argv[i].text.ends_with('o')) && !dashes)
            ++i;
        ++i;
    }
    if (i >= call.argv.size() && !dashes) return silent();
    Cell arguments;
    for (; i < call.argv.size(); ++i) arguments.elements.push_back(call.argv[i].text);
    arguments.taint = call.taint;
    state_.set("@", std::move(arguments));
    return silent();
}

Stream Walk::do_shift(Call& call) {
    fill_words(call);
    const Cell* old = state_.get("@");
    if (old == nullptr) return silent();
    Cell next = *old;
    std::size_t count = 1;
    if (call.argv.size() > 1 && call.argv[1].text.size() == 1 && call.argv[1].text[0] >= '0' &&
        call.argv[1].text[0] <= '9')
        count = static_cast<std::size_t>(call.argv[1].text[0] - '0');
    next.elements.erase(next.elements.begin(),
                        next.elements.begin() + static_cast<std::ptrdiff_t>(std::min(count, next.elements.size())));
    state_.set("@", std::move(next));
    return silent();
}

Stream Walk::do_unset(Call& call) {
    fill_words(call);
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const std::string& name = call.argv[i].text;
        if (state_.get("F:" + name) != nullptr && state_.get("v:" + name) == nullptr)
            state_.erase("F:" + name);
        else if (!is_option(call.argv[i])) {
            state_.set("v:" + name, "");
            at(call.slot).env.push_back({name, {"", call.argv[i].span}});
        }
    }
    return silent();
}

Stream Walk::do_eval(Call& call) {
    fill_words(call);
    std::string text;
    for (std::size_t i = 1; i < call.argv.size(); ++i) text += (i > 1 ? " " : "") + call.argv[i].text;
    const Value word{text, call.argv.size() > 1 ? call.argv[1].span : call.argv[0].span};
    if (call.taint.decoded) add_fact(call.slot, "code.decoded");
    if (call.taint.fetched) add_fact(call.slot, "code.fetched");
    if (text.empty()) return silent();
    at(call.slot).code.push_back({"sh", word, {}});
    if (word.known() == Known::opaque) {
        unknown_code(call, word, call.taint);
        return {};
    }
    return code(call, text, word, "eval", true);
}

Stream Walk::do_source(Call& call) {
    fill_words(call);
    if (call.argv.size() < 2) return silent();
    const Value word = call.argv[1];
    const Cell* known = file(word.text);
    if (word.is("/dev/stdin") && call.in() != nullptr) {
        code_from_stdin(call, "sh");
        return {};
    }
    touch(call.slot, Act::execute, word, false, false);
    touch(call.slot, Act::read, word, false, false);
    if (known == nullptr) {
        const auto paths = absolute(word.text);
        if (word.known() != Known::known)
            unknown_code(call, word, call.taint);
        else if (in_workspace(paths.front()))
            add_fact(call.slot, "code.workspace");
        return {};
    }
    const Value text{known->values.size() == 1 ? known->values.front() : std::string(kHole), word.span};
    if (known->taint.fetched) add_fact(call.slot, "code.fetched");
    if (known->taint.decoded) add_fact(call.slot, "code.decoded");
    if (text.known() == Known::opaque && !text.text.empty()) {
        unknown_code(call, text, known->taint);
        return {};
    }
    return code(call, text.text, text, "source", true);
}

// printf -v NAME; otherwise it is the program.
Stream Walk::do_printf(Call& call) {
    const bool assigns = call.argv.size() > 2 && call.argv[1].is("-v");
    if (!assigns) {
        call.row = find_program("printf");
        return fill(call);
    }
    fill_words(call);
    Call inner = call;
    inner.argv.erase(inner.argv.begin() + 1, inner.argv.begin() + 3);
    const Stream out = output(inner);
    Cell cell;
    cell.values = {out.known ? out.text : std::string(kHole)};
    cell.taint = out.taint;
    if (is_name(call.argv[2].text)) state_.set("v:" + call.argv[2].text, std::move(cell));
    return silent();
}

Stream Walk::do_alias(Call& call) {
    fill_words(call);
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const auto equals = call.argv[i].text.find('=');
        if (equals == std::string::npos) continue;
        const std::string name = call.argv[i].text.substr(0, equals);
        if (is_shadowed(name) && !call.argv[i].text.substr(equals + 1).starts_with(name))
            add_fact(call.slot, "function.shadows");
        state_.erase("a:" + name);
        carry_code(call, "sh", {call.argv[i].text.substr(equals + 1), call.argv[i].span});
        state_.set("a:" + name, call.argv[i].text.substr(equals + 1), call.taint);
    }
    return silent();
}

Stream Walk::do_trap(Call& call) {
    fill_words(call);
    std::size_t i = 1;
    while (i < call.argv.size() && (call.argv[i].is("--") || call.argv[i].is("-p") || call.argv[i].is("-l"))) ++i;
    if (i + 1 >= call.argv.size() || call.argv[i].is("-") || call.argv[i].text.empty()) return silent();
    const Value word = call.argv[i];
    at(call.slot).code.push_back({"sh", word, {}});
    if (call.taint.decoded) add_fact(call.slot, "code.decoded");
    if (call.taint.fetched) add_fact(call.slot, "code.fetched");
    if (word.known() == Known::opaque) {
        unknown_code(call, word, call.taint);
        return silent();
    }
    const bool at_end =
        std::ranges::any_of(call.argv, [](const Value& value) { return value.is("EXIT") || value.is("0"); });
    if (at_end && traps_.size() < kMaxTraps) { // what it names may be set by then
        traps_.push_back(call);
        traps_.back().argv = {word};
        traps_.back().frame.in = nullptr;
        traps_.back().io = {};
        return silent();
    }
    run_trap(call, word);
    return silent();
}

void Walk::run_trap(Call& call, const Value& word) {
    const auto mark = state_.mark(); // it may run before what follows, or after
    code(call, word.text, word, "trap", true);
    state_.join({state_.leave(mark), {}});
}

// The script ends, here or perhaps here: what was to run then runs.
void Walk::run_traps() {
    for (auto& trap : std::exchange(traps_, {})) {
        const Value word = trap.argv.front();
        if (!stopped()) run_trap(trap, word);
    }
}

// Whether all variables that a text names have been set.
bool Walk::has_names(std::string_view text) const {
    for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
        auto rest = text.substr(at + 1);
        if (rest.starts_with('{')) rest.remove_prefix(1);
        const std::string name(rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")));
        if (!name.empty() && state_.get("v:" + name) == nullptr) return false;
    }
    return true;
}

Stream Walk::do_exit(Call& call) {
    fill_words(call);
    const auto kept = traps_;
    std::erase_if(traps_, [&](const Call& trap) { return !has_names(trap.argv.front().text); });
    run_traps();
    traps_ = kept;
    return silent();
}

} // namespace owhale::policy::normal
