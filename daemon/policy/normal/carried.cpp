// Commands and code that stand in the words of a command.
#include <algorithm>

#include "policy/normal/code.hpp"
#include "policy/normal/folding.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

bool is_shell(std::string_view language) {
    return language == "sh" || language == "bash";
}

// These read a language that is close enough to sh to be judged as it.
bool is_remote(const Call& call) {
    return call.row != nullptr && call.row->has("remote");
}

} // namespace

// What a command is carried by. Commands that git runs because its words say so, not its settings, are told apart.
std::string via_of(const Call& call) {
    constexpr std::string_view kRunning[] = {"bisect",    "submodule", "rebase",        "difftool",
                                             "mergetool", "config",    "filter-branch", "for-each-repo"};
    const std::string first = call.arguments.sub.substr(0, call.arguments.sub.find(' '));
    const bool own =
        call.program == "git" && std::ranges::find(kRunning, first) != std::end(kRunning) && !call.from_settings;
    return own ? "git-" + first : call.program;
}

std::string_view stdin_language(const Call& call) {
    if (call.row == nullptr) return {};
    const auto* sub = call.arguments.row;
    return sub != nullptr && !sub->value("stdin").empty() ? sub->value("stdin") : call.row->value("stdin");
}

Stream Walk::carry(Call& call, std::vector<Value> argv, std::string via) {
    if (argv.empty() || stopped()) return {};
    if (argv[0].is("--") && argv.size() > 1) argv.erase(argv.begin());
    if (argv.size() > 1 && (argv[0].is("-c") || argv[0].is("--command"))) { // flock FILE -c CODE
        carry_code(call, "sh", argv[1]);
        return {};
    }
    if (call.frame.layer >= kMaxLayers * 2) {
        add_fact(call.slot, "code.unknown");
        add_opaque(call.slot, argv[0].span, "commands stand in commands too deep to be followed");
        return {};
    }
    const auto mark = state_.mark();
    Call inner;
    inner.argv = call.program.starts_with("cmake") ? cmake_tool(std::move(argv)) : std::move(argv);
    inner.frame = call.frame;
    inner.frame.carrier = static_cast<int>(call.slot);
    inner.frame.via.push_back(std::move(via));
    inner.frame.shell = false;
    inner.frame.in = call.in();
    inner.taint = call.taint;
    ++inner.frame.layer;
    inner.slot = reserve(inner.frame, inner.argv[0].span);
    if (is_remote(call)) remote_.insert(call.slot);
    if (stopped()) return {};
    if (is_remote(call)) state_.set(".", std::string(kHole));
    Stream out = this->call(inner);
    auto changes = state_.leave(mark);
    for (auto& [key, cell] : changes)
        if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
    return out;
}

void Walk::unknown_code(Call& call, const Value& text, const Taint& taint) {
    add_fact(call.slot, taint.fetched ? "code.fetched" : "code.unknown");
    if (taint.decoded) add_fact(call.slot, "code.decoded");
    add_opaque(call.slot, text.span, "this code is known only when it runs");
}

void Walk::carry_code(Call& call, const std::string& language, const Value& text) {
    call.code_given = true;
    if (text.text.empty()) return;
    if (!is_shell(language)) return scan(call, language, text);
    at(call.slot).code.push_back({"sh", text, {}});
    if (call.taint.decoded) add_fact(call.slot, "code.decoded");
    if (call.taint.fetched) add_fact(call.slot, "code.fetched");
    if (text.known() == Known::opaque) return unknown_code(call, text, call.taint);
    const auto mark = state_.mark();
    if (is_remote(call)) state_.set(".", std::string(kHole));
    // sh -c CODE NAME ARGUMENTS
    if (call.row != nullptr && call.row->value("stdin") == "sh") {
        Cell arguments;
        const auto& operands = call.arguments.operands;
        for (std::size_t i = 2; i < operands.size(); ++i) arguments.elements.push_back(operands[i].text);
        if (operands.size() > 1) state_.set("v:0", operands[1].text);
        state_.set("@", std::move(arguments));
    }
    code(call, text.text, text, via_of(call), false);
    auto changes = state_.leave(mark);
    for (auto& [key, cell] : changes)
        if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
}

// "~" in code: some languages take it for the home themselves, others are told to, and nobody else calls a file so.
std::string Walk::with_home(std::string path) const {
    if (facts_.home.empty() || !path.starts_with('~') || (path.size() > 1 && path[1] != '/')) return path;
    return facts_.home + path.substr(1);
}

// Words behind code are its arguments: it may read the files that they name.
std::vector<std::string> Walk::arguments_of_code(Call& call, const Value& text) {
    std::vector<std::string> out;
    const auto& operands = call.arguments.operands;
    auto word = std::ranges::find(operands, text.text, &Value::text);
    const auto is_code = [&](const auto& option) { return option.value && option.value->text == text.text; };
    if (word != operands.end())
        ++word;
    else if (std::ranges::any_of(call.arguments.options, is_code)) // -c CODE
        word = operands.begin();
    const bool bare = call.row == nullptr; // code of a request; elsewhere the table says what operands are
    const bool reads = bare || call.program.starts_with("python") || call.program.starts_with("node");
    for (; word != operands.end() && out.size() < 64; ++word) {
        const bool path = word->text.starts_with('/') || word->text.starts_with('~') || word->text.starts_with('.');
        if (reads && path) touch(call.slot, Act::read, *word, false, false);
        out.push_back(word->text);
    }
    return out;
}

// Code that is not a shell's: what it calls, and what the strings in it are.
void Walk::scan(Call& call, const std::string& language, const Value& text) {
    if (language == "powershell-base64") { // UTF-16 in base64
        std::string plain;
        for (const char c : decode_base64(text.text).value_or(""))
            if (c != '\0') plain += c;
        add_fact(call.slot, "code.decoded");
        return scan(call, "powershell", {plain, text.span});
    }
    at(call.slot).code.push_back({language, text, {}});
    if (text.known() == Known::opaque) return unknown_code(call, text, call.taint);
    if (call.taint.fetched) add_fact(call.slot, "code.fetched");
    if (call.taint.decoded) add_fact(call.slot, "code.decoded");
    Scanned found = scan_code(language, text.text, arguments_of_code(call, text));
    at(call.slot).code.back().calls = found.calls;
    for (const auto& fact : found.facts) add_fact(call.slot, fact);
    for (auto& access : found.accesses)
        if (access.path.starts_with(kHole) && !(access.act == Act::remove && access.recursive))
            add_opaque(call.slot, text.span, "a file that this code names is known only when it runs");
        else
            touch(call.slot, access.act, {with_home(std::move(access.path)), text.span}, access.recursive, access.sent);
    for (auto& host : found.hosts) {
        host.span = text.span;
        add_host(call, std::move(host));
    }
    for (const auto& reason : found.opaque) add_opaque(call.slot, text.span, reason);
    note_code_fetches(call, found);
    const Cell own = *state_.get(".");
    const auto go_to = [&](const std::map<std::size_t, std::string>& where, std::size_t index) {
        const auto folder = where.find(index);
        state_.set(".", folder == where.end() ? own : Cell{absolute(with_home(folder->second))});
    };
    for (std::size_t i = 0; i < found.shell.size() && !stopped(); ++i) {
        const Value word{found.shell[i], text.span};
        go_to(found.shell_folders, i);
        if (word.known() == Known::opaque && !word.text.empty())
            unknown_code(call, word, call.taint);
        else
            code(call, word.text, text, language, false);
    }
    for (std::size_t i = 0; i < found.commands.size(); ++i) {
        std::vector<Value> argv;
        for (auto& word : found.commands[i]) argv.push_back({with_home(std::move(word)), text.span});
        Call inner = call;
        inner.frame.fixed = call.frame.fixed.value_or(text.span);
        go_to(found.command_folders, i);
        carry(inner, std::move(argv), language);
    }
    if (state_.get(".")->values != own.values) state_.set(".", own);
    for (auto& [inner_language, inner] : found.code) {
        if (call.frame.layer >= kMaxLayers) return;
        ++call.frame.layer;
        call.frame.via.push_back(language); // vim's :py3: by vim, then by python
        carry_code(call, inner_language, {std::move(inner), text.span});
        call.frame.via.pop_back();
        --call.frame.layer;
    }
}

// A file of code: known when the same text wrote it.
void Walk::code_file(Call& call, const std::string& language, const Value& name, std::vector<Value> arguments) {
    if (call.code_given) return;
    const bool own = !stdin_language(call).empty();
    if (name.is("-") || name.is("/dev/stdin") || name.is("/dev/fd/0") || name.is("/proc/self/fd/0")) {
        if (!own) code_from_stdin(call, language);
        return;
    }
    call.code_given = true;
    if (language == "go" && name.text.find('@') != std::string::npos && name.text.find('.') < name.text.find('/')) {
        add_fact(call.slot, "code.fetched");
        return add_host(call, {.name = name.text.substr(0, name.text.find('/')), .scheme = "https", .span = name.span});
    }
    const Cell* known = file(name.text);
    touch(call.slot, Act::execute, name, false, false);
    if (known == nullptr) {
        if (name.known() != Known::known && name.text.starts_with(kHole)) add_fact(call.slot, "code.unknown");
        const auto paths = absolute(name.text);
        if (std::ranges::all_of(paths, [&](const auto& path) { return in_workspace(path); }))
            add_fact(call.slot, "code.workspace");
        return;
    }
    if (call.arguments.has("-n") && language == "sh") return; // read, not run
    if (known->taint.fetched) add_fact(call.slot, "code.fetched");
    if (known->taint.decoded) add_fact(call.slot, "code.decoded");
    const Value text{known->values.size() == 1 ? known->values.front() : std::string(kHole), name.span};
    if (text.known() == Known::opaque) {
        if (!known->taint.fetched && !text.text.empty()) add_fact(call.slot, "code.unknown");
        return;
    }
    const auto mark = state_.mark();
    Cell positional;
    for (auto& word : arguments) positional.elements.push_back(std::move(word.text));
    state_.set("@", std::move(positional));
    state_.set("v:0", name.text);
    state_.set("v:BASH_SOURCE", name.text);
    const auto kept = std::move(call.arguments.operands);
    call.arguments.operands.clear();
    const auto* row = call.row;
    call.row = nullptr;
    carry_code(call, language, text);
    call.row = row;
    call.arguments.operands = kept;
    auto changes = state_.leave(mark);
    for (auto& [key, cell] : changes)
        if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
}

// sh, python -, perl … without a file: what they read is code.
void Walk::code_from_stdin(Call& call, const std::string& language) {
    const Stream* in = call.in();
    if (in == nullptr || !in->given) {
        add_fact(call.slot, "code.stdin");
        return;
    }
    if (in->taint.fetched) add_fact(call.slot, "code.fetched");
    if (in->taint.decoded) add_fact(call.slot, "code.decoded");
    const Value text{in->text, call.argv[0].span};
    if (in->known && text.known() != Known::opaque) {
        if (text.text.empty()) return;
        Call inner = call;
        inner.taint = in->taint;
        inner.arguments.operands.clear();
        Stream none{.given = true};
        inner.io.in = none;
        inner.io.has_in = true;
        carry_code(inner, language, text);
        return;
    }
    add_fact(call.slot, "code.stdin");
    const bool workspace =
        !in->file.empty() && !in->taint.fetched && !in->taint.decoded &&
        std::ranges::all_of(absolute(in->file), [&](const auto& path) { return in_workspace(path); });
    if (workspace)
        add_fact(call.slot, "code.workspace"); // as if the file were its operand
    else if (!in->taint.fetched)
        add_fact(call.slot, "code.unknown");
    add_opaque(call.slot, call.argv[0].span, "the code that it reads is known only when it runs");
}

} // namespace owhale::policy::normal
