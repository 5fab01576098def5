// One command with its words: wrappers come off, functions and built-ins are followed, the rest is a program.
#include <algorithm>
#include <tuple>

#include "policy/normal/folding.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/substitutions.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxCalls = 1000, kMaxWrappers = 32;

// As env and sudo take it: whatever holds "=", also what no shell would call a name.
bool is_assignment(std::string_view text) {
    const auto equals = text.find('=');
    return equals != std::string_view::npos && equals != 0;
}

// python3.11, gcc-12: the row of the plain name.
const ProgramRow* row_of(std::string_view name) {
    if (const auto* row = find_program(name)) return row;
    const auto end = name.find_last_not_of("0123456789.-");
    if (end == std::string_view::npos || end + 1 == name.size()) return nullptr;
    return find_program(name.substr(0, end + 1));
}

// Programs that a pattern in a command's name is taken for.
constexpr std::string_view kWellKnown[] = {
    "awk",    "base64",  "bash",   "cat",      "chmod",  "chown",  "cp",     "curl",   "dash",    "dd",
    "env",    "find",    "grep",   "head",     "id",     "kill",   "less",   "ls",     "mkfs",    "mv",
    "nc",     "ncat",    "netcat", "node",     "passwd", "perl",   "php",    "python", "python3", "rm",
    "ruby",   "sed",     "sh",     "shutdown", "ssh",    "su",     "sudo",   "tail",   "tar",     "tee",
    "uname",  "useradd", "vi",     "vim",      "wget",   "whoami", "xxd",    "zsh",    "reboot",  "echo",
    "printf", "more",    "nl",     "tac",      "shred",  "scp",    "crontab"};

bool in_bin(std::string_view path) { // the folder may be a pattern, too
    if (path.find('/') == std::string_view::npos) return false;
    const std::string folder = parent_path(path);
    for (const std::string_view bin : {"/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin"})
        if (match_glob(bin, folder) != Match::no) return true;
    return false;
}

} // namespace

// Where it would surprise that a name is something else.
bool is_shadowed(std::string_view name) {
    constexpr std::string_view kMore[] = {"git", "docker", "npm",  "pip",     "apt",     "systemctl", "mount",
                                          "ps",  "ss",     "top",  "who",     "last",    "history",   "ssh-add",
                                          "gpg", "cd",     "exit", "command", "kubectl", "openssl"};
    return std::ranges::find(kWellKnown, name) != std::end(kWellKnown) ||
           std::ranges::find(kMore, name) != std::end(kMore);
}

bool Walk::resolve_name(Call& call) {
    const Value& word = call.argv[0];
    std::string name(base_name(word.text));
    if (word.known() == Known::known) {
        call.program = name;
        if (word.text.find('/') != std::string::npos)
            if (const Cell* copy = state_.get("p:" + absolute(word.text).front());
                copy != nullptr && copy->values.size() == 1 && copy->values[0] != name) {
                call.program = copy->values[0];
                call.hidden = true;
            }
        // zsh's =ls
        if (name.size() > 1 && name[0] == '=' && find_program(name.substr(1)) != nullptr) {
            call.program = name.substr(1);
            call.hidden = true;
        }
        return true;
    }
    if (name.find(kHole) == std::string::npos && name.find('\0') != std::string::npos) {
        std::string_view only;
        std::size_t found = 0;
        for (const auto candidate : kWellKnown)
            if (match_glob(candidate, name) != Match::no) ++found, only = found == 1 ? candidate : only;
        const bool bin = word.text.find('/') == std::string::npos || in_bin(word.text);
        call.hidden = call.hidden || bin;
        if (bin && found == 1) {
            call.program = only;
            return true;
        }
    } else if (name.find('\0') == std::string::npos && !name.empty() && word.text.find('/') != std::string::npos) {
        call.program = name; // in a folder that is not known
        return true;
    }
    return false;
}

Stream Walk::call(Call& call) {
    for (std::size_t i = 0; i < kMaxWrappers && !call.argv.empty(); ++i) {
        if (!resolve_name(call)) break;
        look_at_subscripts(call);
        if (call.frame.shell) {
            if (auto out = call_alias(call)) return *out;
            if (auto out = call_function(call)) return *out;
            if (const auto* builtin = find_builtin(call.program);
                builtin != nullptr && call.argv[0].text.find('/') == std::string::npos)
                return (this->*builtin->run)(call);
        }
        call.row = row_of(call.program);
        if (call.row == nullptr || !call.row->has("wrap") || !take_wrapper(call)) break;
    }
    return fill(call);
}

// test -v 'a[$(id)]': a subscript is arithmetic, and arithmetic runs what is substituted in it.
void Walk::look_at_subscripts(Call& call) {
    constexpr std::string_view kNames[] = {"test",   "[",     "printf", "declare", "typeset", "local",
                                           "export", "unset", "read",   "let",     "mapfile", "readarray",
                                           "wait",   "exit",  "return", "shift",   "break",   "continue"};
    if (!call.frame.shell || std::ranges::find(kNames, call.program) == std::end(kNames)) return;
    Substitutions substitutions(*this, call.frame, call.slot);
    Expander expander(state_, facts_, substitutions, budget_);
    const bool whole =
        call.program == "let" || call.program == "exit" || call.program == "return" || call.program == "shift";
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const std::string text = call.argv[i].text;
        const auto open = text.find('[');
        if (open == std::string::npos && !whole) continue;
        const std::string inside = whole ? text : text.substr(open, text.rfind(']') - open + 1);
        if (call.frame.layer < kMaxLayers) expander.look_in_arithmetic(inside, true);
    }
}

// False: nothing to run stands in its words.
bool Walk::take_wrapper(Call& call) {
    call.arguments = read_arguments(*call.row, call.argv);
    const auto& arguments = call.arguments;
    const FormRow* form = form_of(arguments);
    if (form == nullptr) return false;
    std::size_t next = 0;
    bool found = false;
    for (const auto& role : roles_of(*form)) {
        if (role.role == Role::command) {
            found = true;
            break;
        }
        if (role.role == Role::assign)
            while (next < arguments.operands.size() && is_assignment(arguments.operands[next].text)) {
                const auto& word = arguments.operands[next++];
                const auto equals = word.text.find('=');
                at(call.slot).env.push_back({word.text.substr(0, equals), {word.text.substr(equals + 1), word.span}});
            }
        else
            ++next;
    }
    if (!found || next >= arguments.operands.size()) return false;
    call.argv[0] = Value{call.program, call.argv[0].span};
    std::vector<Value> rest(arguments.operands.begin() + static_cast<std::ptrdiff_t>(next), arguments.operands.end());
    apply_options(call);
    if (call.program == "exec" && call.arguments.has("-a")) add_fact(call.slot, "program.hidden");
    for (const auto& option : at(call.slot).options)
        at(call.slot).wrapped.push_back(call.program + " " + option.name +
                                        (option.value ? "=" + option.value->text : ""));
    at(call.slot).options.clear();
    const bool own_shell = call.row->has("shell");
    if (!own_shell || call.program != "exec")
        at(call.slot).via.push_back(call.program), call.frame.via.push_back(call.program);
    call.frame.shell = call.frame.shell && own_shell;
    call.argv = std::move(rest);
    call.program.clear();
    return true;
}

std::optional<Stream> Walk::call_alias(Call& call) {
    const Cell* alias = state_.get("a:" + call.program);
    if (alias == nullptr || call.argv[0].text != call.program || alias->values.size() != 1) return std::nullopt;
    const std::string text = alias->values.front();
    state_.erase("a:" + call.program); // an alias is not expanded in itself
    if (is_shadowed(call.program) && !text.starts_with(call.program)) add_fact(call.slot, "function.shadows");
    fill_words(call);
    std::string line = text;
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        line += " '";
        for (const char c : call.argv[i].text) line += c == '\'' ? "'\\''" : std::string(1, c);
        line += "'";
    }
    Stream out = code(call, line, call.argv[0], "alias", true);
    state_.set("a:" + call.program, text);
    return out;
}

std::optional<Stream> Walk::call_function(Call& call) {
    const Cell* cell = state_.get("F:" + call.program);
    if (cell == nullptr || cell->function == nullptr || call.argv[0].text != call.program) return std::nullopt;
    const shell::Command& function = *cell->function;
    called_.insert(call.program);
    add_fact(call.slot, "function.call");
    if (std::ranges::find(call.frame.functions, call.program) != call.frame.functions.end()) {
        ++recursions_;
        fill_words(call);
        if (call.frame.piped || call.frame.stage > 0 || call.frame.background || recursions_ > 1 ||
            !has_condition(function))
            add_fact(call.slot, "function.recursive");
        return Stream{};
    }
    if (++calls_ > kMaxCalls) {
        too_big(call.argv[0].span, "functions call each other too often to be followed");
        return Stream{};
    }
    fill_words(call);
    if (is_shadowed(call.program)) add_fact(call.slot, "function.shadows");
    const auto mark = state_.mark();
    Cell arguments;
    for (std::size_t i = 1; i < call.argv.size(); ++i) arguments.elements.push_back(call.argv[i].text);
    arguments.taint = call.taint;
    const Cell* old = state_.get("@");
    const std::optional<Cell> before = old == nullptr ? std::nullopt : std::optional(*old);
    state_.set("@", std::move(arguments));
    Frame inner = call.frame;
    inner.functions.push_back(call.program);
    std::tie(inner.text, inner.fixed) = functions_[&function];
    inner.carrier = static_cast<int>(call.slot);
    inner.via.push_back("function");
    inner.in = call.in();
    Redirected io;
    Stream out;
    for (const auto& body : function.bodies) out = script(body, inner);
    if (before)
        state_.set("@", *before);
    else
        state_.erase("@");
    (void)mark;
    return out;
}

void Walk::fill_words(Call& call) {
    SimpleCommand& made = at(call.slot);
    made.program = call.program;
    made.argv = call.argv;
    made.known_program = true;
    made.operands.assign(call.argv.begin() + 1, call.argv.end());
}

Stream Walk::fill(Call& call) {
    if (call.hidden) add_fact(call.slot, "program.hidden");
    at(call.slot).argv = call.argv;
    if (call.argv.empty()) return {};
    const Value word = call.argv[0];
    if (word.text.find('/') != std::string::npos) {
        at(call.slot).path = absolute(word.text).front();
        for (const std::string_view folder : {"/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"})
            if (at(call.slot).path.starts_with(folder)) add_fact(call.slot, "system.interpreter");
        if (call.program.empty() || call.row == nullptr || !word.text.starts_with('/'))
            touch(call.slot, Act::execute, word, false, false);
    }
    if (call.program.empty()) {
        add_fact(call.slot, "program.unknown");
        at(call.slot).operands.assign(call.argv.begin() + 1, call.argv.end());
        if (call.taint.fetched) add_fact(call.slot, "code.fetched");
        if (call.taint.decoded) add_fact(call.slot, "code.decoded");
        add_opaque(call.slot, word.span, "which program runs is known only when it runs");
        Stream out;
        if (call.in() != nullptr) out.taint = call.in()->taint;
        return out;
    }
    if (call.taint.decoded && call.hidden) add_fact(call.slot, "code.decoded");
    at(call.slot).program = call.program;
    at(call.slot).known_program = call.row != nullptr;
    if (call.row == nullptr && at(call.slot).path.empty()) add_fact(call.slot, "program.strange");
    run_workspace_file(call);
    const Cell folder = *state_.get("."); // git -C and the like move it for this command alone
    if (call.row == nullptr)
        apply_unknown(call);
    else
        apply_arguments(call);
    follow_connections(call);
    Stream out = output(call);
    if (state_.get(".")->values != folder.values) state_.set(".", folder);
    return out;
}

// A script that knows its own name and words.
void Walk::carry_file(Call& call, const std::string& language, const Value& text) {
    const auto mark = state_.mark();
    Cell positional;
    for (std::size_t i = 1; i < call.argv.size(); ++i) positional.elements.push_back(call.argv[i].text);
    state_.set("@", std::move(positional));
    state_.set("v:0", call.argv[0].text);
    state_.set("v:BASH_SOURCE", call.argv[0].text);
    carry_code(call, language, text);
    auto changes = state_.leave(mark);
    for (auto& [key, cell] : changes)
        if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
}

// ./x and the like: what the text wrote there, or fetched, or what stands in the workspace.
void Walk::run_workspace_file(Call& call) {
    const std::string path = at(call.slot).path;
    if (path.empty()) return;
    const Cell* known = file(call.argv[0].text);
    if (known != nullptr) {
        if (known->taint.fetched) add_fact(call.slot, "program.fetched");
        if (known->taint.decoded) add_fact(call.slot, "code.decoded");
        const Value text{known->values.size() == 1 ? known->values.front() : std::string(kHole), call.argv[0].span};
        if (text.known() == Known::known && call.row == nullptr) {
            const bool other = text.text.starts_with("#!") &&
                               text.text.substr(0, text.text.find('\n')).find("sh") == std::string::npos;
            const std::string first = text.text.substr(0, text.text.find('\n'));
            const std::string language = !other                                      ? "sh"
                                         : first.find("python") != std::string::npos ? "python"
                                         : first.find("perl") != std::string::npos   ? "perl"
                                         : first.find("node") != std::string::npos   ? "javascript"
                                         : first.find("ruby") != std::string::npos   ? "ruby"
                                                                                     : "";
            if (!language.empty()) carry_file(call, language, text);
        }
    } else if (call.row == nullptr && in_workspace(path)) {
        add_fact(call.slot, "program.workspace");
        add_fact(call.slot, "code.workspace");
    } else if (call.row == nullptr && is_below(path, "/tmp")) {
        add_fact(call.slot, "program.temporary");
    }
}

Stream Walk::output(Call& call) {
    Stream out{.given = true};
    const Stream* in = call.in();
    const Stream none;
    const Place place{folders().front(), facts_.workspace};
    if (const auto folded = fold(call.program, call.argv, in != nullptr ? *in : none, place)) {
        out.known = folded->known;
        out.text = folded->text;
        out.names = folded->names;
        out.taint.decoded = folded->decoded;
    }
    if (in != nullptr) out.taint.add(in->taint);
    out.taint.add(call.taint);
    if (out.known && !call.taint.any() && in == nullptr) out.taint.fetched = out.taint.secret = false;
    const bool reads =
        std::ranges::any_of(at(call.slot).accesses, [](const Access& access) { return access.act == Act::read; });
    const bool tells = call.row != nullptr && (call.row->has("secret") ||
                                               (call.arguments.row != nullptr && call.arguments.row->has("secret")));
    if (reads || tells) out.taint.add({false, false, true, {static_cast<int>(call.slot)}});
    for (const auto& operand : at(call.slot).operands)
        if (const Cell* cell = file(operand.text)) {
            out.taint.add(cell->taint);
            if (call.program == "cat" && at(call.slot).operands.size() == 1 && cell->values.size() == 1 &&
                cell->values[0].find('\0') == std::string::npos) {
                out.known = true;
                out.text = cell->values[0];
            }
        }
    follow_copy(call, out);
    note_endless(call, out);
    note_downloads(call);
    note_opened(call);
    if (call.connects && !at(call.slot).hosts.empty()) out.taint.fetched = true;
    if (call.row != nullptr && call.row->has("decode")) out.taint.decoded = out.taint.decoded || in != nullptr || reads;
    return out;
}

} // namespace owhale::policy::normal
