// One simple command: its words, assignments and redirections, once for each alternative.
#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/normal/substitutions.hpp"
#include "policy/normal/urls.hpp"
#include "policy/normal/volume.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxChoices = 8;
constexpr double kManyWords = 1e5;

// The next combination of alternatives; false: that was the last.
bool advance(std::map<std::string, std::size_t>& choices, const std::map<std::string, std::size_t>& counts) {
    for (const auto& [name, count] : counts) {
        if (++choices[name] < count) return true;
        choices[name] = 0;
    }
    return false;
}

bool is_stream(std::string_view path) {
    return path == "/dev/null" || path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr" ||
           path == "/dev/tty" || path.starts_with("/dev/fd/");
}

// Braces that become more words than anybody means.
bool is_long(const shell::Word& word, const Frame& frame) {
    const auto is_brace = [](const shell::Part& part) { return part.kind == shell::PartKind::brace; };
    if (std::ranges::none_of(word.parts, is_brace) || word.span.end > frame.text.size()) return false;
    return words_of(frame.text.substr(word.span.begin, word.span.end - word.span.begin)) >= kManyWords;
}

void read_cell(const Cell& cell, Redirected& io) {
    io.has_in = true;
    io.in.given = true;
    io.in.taint = cell.taint;
    if (cell.array) io.in.names = cell.elements;
    io.in.known = cell.values.size() == 1 && cell.values[0].find('\0') == std::string::npos;
    if (io.in.known) io.in.text = cell.values[0];
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789-") == std::string_view::npos;
}

} // namespace

Stream Walk::Substitutions::substitute(const shell::Part& part) {
    if (part.script == nullptr) return {};
    Frame inner = frame_;
    inner.in = part.kind == shell::PartKind::process_out ? nullptr : frame_.in;
    if (slot_) inner.carrier = static_cast<int>(*slot_);
    inner.via.push_back(part.kind == shell::PartKind::command      ? "$()"
                        : part.kind == shell::PartKind::process_in ? "<()"
                                                                   : ">()");
    inner.shell = true;
    inner.piped = part.kind == shell::PartKind::process_in; // what reads it may end it
    Stream from;
    if (part.kind == shell::PartKind::process_out) {
        from.given = true;
        if (frame_.in != nullptr) from.taint = frame_.in->taint;
        inner.in = &from;
    }
    // $(<file)
    const auto& statements = part.script->statements;
    if (statements.size() == 1 && statements[0].links.size() == 1 &&
        statements[0].links[0].pipeline.commands.size() == 1) {
        const auto& only = statements[0].links[0].pipeline.commands[0];
        if (only.kind == shell::CommandKind::simple && only.words.empty() && only.redirects.size() == 1) {
            Stream out = walk_.subshell(*part.script, inner);
            if (const int last = static_cast<int>(walk_.out_.commands.size()) - 1; last >= 0)
                out.taint.add({false, false, true, {last}});
            out.known = false;
            return out;
        }
    }
    return walk_.subshell(*part.script, inner);
}

std::string Walk::Substitutions::name_stream(const Stream& stream) {
    const std::string name = "/dev/fd/" + std::to_string(63 + walk_.streams_++);
    Cell cell;
    cell.values = {stream.known ? stream.text : std::string(kHole)};
    cell.taint = stream.taint;
    cell.array = !stream.names.empty();
    cell.elements = stream.names;
    walk_.state_.set("f:" + name, std::move(cell));
    return name;
}

void Walk::Substitutions::expand_again(const std::string& text, Span span) {
    const bool runs = text.find("$(") != std::string::npos || text.find('`') != std::string::npos;
    if (!runs || walk_.stopped()) return;
    Call again;
    again.frame = frame_;
    again.slot = slot_ ? *slot_ : walk_.reserve(frame_, span);
    if (walk_.stopped()) return;
    const Value word{text, frame_.fixed.value_or(span)};
    if (!slot_) {
        auto& made = walk_.at(again.slot);
        made.program = ":";
        made.known_program = true;
        made.argv = {Value{":", word.span}};
        walk_.add_fact(again.slot, "assignment");
    }
    walk_.code(again, ": \"" + text + "\"", word, "expansion", false);
}

Stream Walk::simple(const shell::Command& command, Frame& frame) {
    const std::size_t slot = reserve(frame, command.span);
    if (stopped()) return {};
    Substitutions substitutions(*this, frame, slot);
    Expander expander(state_, facts_, substitutions, budget_);
    const auto mark = state_.mark();
    Stream out = simple_choice(command, frame, expander, slot);
    if (budget_.exhausted) too_big(command.span, "its words are too long to be judged");
    if (expander.met.empty()) return out;
    std::size_t product = 1;
    for (const auto& [name, count] : expander.met) product *= std::min<std::size_t>(count, kMaxChoices + 1);
    const auto counts = expander.met;
    for (const auto& [name, count] : counts)
        expander.choices[name] = product > kMaxChoices ? static_cast<std::size_t>(-1) : 0;
    out.known = false;
    std::vector<Changes> ends{state_.leave(mark)};
    while (!stopped() && (product > kMaxChoices || advance(expander.choices, counts))) {
        const auto next = reserve(frame, command.span);
        if (stopped()) break;
        const auto inner = state_.mark();
        out.taint.add(simple_choice(command, frame, expander, next).taint);
        ends.push_back(state_.leave(inner));
        if (product > kMaxChoices) break;
    }
    state_.join(ends);
    return out;
}

Stream Walk::simple_choice(const shell::Command& command, Frame& frame, Expander& expander, std::size_t slot) {
    Call made;
    made.slot = slot;
    made.frame = frame;
    for (std::size_t i = 0; i < command.words.size(); ++i) {
        auto fields = expander.fields(command.words[i]);
        if (made.argv.empty() && !fields.empty())
            made.hidden = is_hidden(command.words[i], frame, expander.put_together || expander.taint.decoded);
        if (is_long(command.words[i], frame)) add_fact(slot, "words.huge");
        if (frame.fixed)
            for (auto& field : fields) field.span = *frame.fixed;
        std::ranges::move(fields, std::back_inserter(made.argv));
    }
    made.io = redirect(command.redirects, expander, slot, made.frame);
    if (made.argv.empty()) {
        for (const auto& assignment : command.assignments) {
            assign(assignment, expander);
            const Cell* cell = state_.get("v:" + assignment.name);
            const bool one = cell != nullptr && !cell->array && cell->values.size() == 1;
            at(slot).env.push_back({assignment.name, {one ? cell->values.front() : std::string(kHole), at(slot).span}});
        }
        at(slot).program = ":";
        at(slot).known_program = true;
        at(slot).unknown_variables.assign(expander.unknown.begin(), expander.unknown.end());
        add_fact(slot, "assignment");
        follow_variables(made, 0);
        at(slot).argv = {Value{":", at(slot).span}};
        for (auto& opaque : expander.opaque) add_opaque(slot, frame.fixed.value_or(opaque.span), opaque.reason);
        Stream none{.given = true, .known = true};
        none.taint = expander.taint;
        return deliver(std::move(none), made.io, slot);
    }
    if (made.argv[0].is("exec") && made.argv.size() == 1 && frame.shell) {
        frame.network_in = frame.network_in || made.io.network_in;
        frame.network_out = frame.network_out || made.io.network_out;
        if (made.io.has_in) frame.in = &inputs_.emplace_back(made.io.in); // what comes after reads it
    }
    // Arrays as arguments of declare stand among the assignments.
    const bool declares = made.argv[0].is("declare") || made.argv[0].is("local") || made.argv[0].is("typeset") ||
                          made.argv[0].is("export") || made.argv[0].is("readonly");
    for (const auto& assignment : command.assignments) {
        if (declares && assignment.array)
            assign(assignment, expander);
        else {
            auto value = expander.single(assignment.value); // first: what it runs makes the commands move
            at(slot).env.push_back({assignment.name, std::move(value)});
        }
    }
    for (auto& opaque : expander.opaque) add_opaque(slot, frame.fixed.value_or(opaque.span), opaque.reason);
    at(slot).unknown_variables.assign(expander.unknown.begin(), expander.unknown.end());
    made.taint = expander.taint;
    const Redirected io = made.io;
    follow_variables(made, 0);
    return deliver(call(made), io, slot);
}

// Variables that programs take for code, or for files of code.
void Walk::follow_variables(Call& call, std::size_t from) {
    constexpr std::string_view kShell[] = {"PROMPT_COMMAND",
                                           "GIT_SSH_COMMAND",
                                           "GIT_PAGER",
                                           "PAGER",
                                           "EDITOR",
                                           "VISUAL",
                                           "GIT_EXTERNAL_DIFF",
                                           "GIT_EDITOR",
                                           "GIT_SEQUENCE_EDITOR",
                                           "LESSOPEN",
                                           "LESSCLOSE",
                                           "MANPAGER",
                                           "BROWSER",
                                           "GIT_PROXY_COMMAND",
                                           "FCEDIT",
                                           "SUDO_EDITOR",
                                           "SYSTEMD_PAGER",
                                           "PSQL_PAGER",
                                           "GIT_ASKPASS",
                                           "SSH_ASKPASS",
                                           "RSYNC_RSH",
                                           "CVS_RSH",
                                           "SVN_SSH",
                                           "SUDO_ASKPASS",
                                           "RUSTC_WRAPPER",
                                           "TAR_OPTIONS_EXEC"};
    constexpr std::string_view kPrompts[] = {"PS0", "PS1", "PS2", "PS3", "PS4", "RPROMPT", "PROMPT"};
    constexpr std::string_view kFiles[] = {"BASH_ENV", "ENV",        "LD_PRELOAD",  "LD_AUDIT", "PYTHONSTARTUP",
                                           "INPUTRC",  "GCONV_PATH", "GTK_MODULES", "ZDOTDIR"};
    const auto env = at(call.slot).env;
    for (std::size_t i = from; i < env.size() && !stopped(); ++i) {
        const auto& [name, value] = env[i];
        if (value.text.empty() || value.known() == Known::opaque) continue;
        const auto has = [&name = name](const auto& names) {
            return std::ranges::find(names, name) != std::end(names);
        };
        if (has(kFiles)) touch(call.slot, Act::execute, value, false, false);
        if (const Cell* known = name == "BASH_ENV" || name == "ENV" ? file(value.text) : nullptr) {
            Call inner = call;
            inner.taint.add(known->taint);
            const Value text{known->values.size() == 1 ? known->values.front() : std::string(kHole), value.span};
            if (!text.text.empty()) carry_code(inner, "sh", text);
        }
        const bool runs = value.text.find("$(") != std::string::npos || value.text.find('`') != std::string::npos;
        const bool plain = value.text.find_first_of(" ;|&$`<>()/") == std::string::npos;
        if ((has(kShell) && !plain) || (has(kPrompts) && runs)) {
            Call inner;
            inner.slot = call.slot;
            inner.argv = {Value{name, value.span}};
            inner.program = name;
            inner.frame = call.frame;
            const std::string text = has(kPrompts) ? ": \"" + value.text + "\"" : value.text;
            code(inner, text, value, name, false);
        }
    }
}

void Walk::assign(const shell::Assignment& assignment, Expander& expander) {
    std::string key = "v:" + assignment.name;
    if (const Cell* other = state_.get("R:" + assignment.name)) key = "v:" + other->values.front(); // declare -n
    const auto before = expander.opaque.size();
    Cell cell;
    const Cell* old = state_.get(key);
    if (assignment.array) {
        cell.array = true;
        if (assignment.append && old != nullptr) cell.elements = old->elements;
        for (const auto& element : assignment.elements) {
            const std::string index =
                element.index ? expander.run_arithmetic(expander.single(*element.index).text, {}) : "";
            auto values =
                element.index ? std::vector<Value>{expander.single(element.value)} : expander.fields(element.value);
            const bool at_place = is_number(index) && index.size() < 4 && index[0] != '-';
            if (at_place && std::stoul(index) < 256 && cell.elements.size() <= std::stoul(index))
                cell.elements.resize(std::stoul(index) + 1);
            if (at_place && std::stoul(index) < cell.elements.size())
                cell.elements[std::stoul(index)] = values.empty() ? "" : values[0].text;
            else
                for (auto& value : values) cell.elements.push_back(std::move(value.text));
        }
        if (cell.elements.size() > 1024) cell.elements = {std::string(kHole)};
    } else if (assignment.index) {
        if (old != nullptr) cell = *old;
        const std::string index = expander.run_arithmetic(expander.single(*assignment.index).text, {});
        const std::string text = expander.single(assignment.value).text;
        cell.array = true;
        if (is_number(index) && index[0] != '-' && index.size() < 4 && std::stoul(index) < 256) {
            if (cell.elements.size() <= std::stoul(index)) cell.elements.resize(std::stoul(index) + 1);
            cell.elements[std::stoul(index)] = text;
        } else
            cell.elements = {std::string(kHole)};
    } else {
        // Alternatives that stand in the value are alternatives of the variable.
        const auto met = expander.met;
        std::string text = expander.single(assignment.value).text;
        if (expander.met.size() != met.size()) {
            cell.values.clear();
            for (const auto& [name, count] : expander.met)
                for (std::size_t i = 0; i < count && cell.values.size() < kMaxAlternatives; ++i) {
                    expander.choices[name] = i;
                    cell.values.push_back(expander.single(assignment.value).text);
                }
            if (expander.met.size() > 1) cell.values = {std::string(kHole)};
            expander.choices.clear();
            expander.met = met;
        } else
            cell.values = {std::move(text)};
        if (assignment.append && old != nullptr) {
            const std::string front = old->values.size() == 1 ? old->values.front() : std::string(kHole);
            for (auto& value : cell.values) value = front + value;
            if (cell.values.front().size() > (64 << 10)) cell.values = {std::string(kHole)};
        }
    }
    cell.taint.add(expander.taint);
    if (expander.opaque.size() > before) cell.reason = expander.opaque.back().reason;
    state_.set(key, std::move(cell));
}

Redirected Walk::redirect(const std::vector<shell::Redirect>& redirects, Expander& expander, std::size_t slot,
                          Frame& frame) {
    Redirected io;
    io.network_in = frame.network_in;
    io.network_out = frame.network_out;
    for (const auto& one : redirects) {
        Value target = expander.single(one.target);
        if (frame.fixed) target.span = *frame.fixed;
        if (one.op == shell::RedirectOp::heredoc || one.op == shell::RedirectOp::herestring) {
            io.in = {.given = true, .known = target.known() == Known::known, .text = target.text};
            if (one.op == shell::RedirectOp::herestring) io.in.text += '\n';
            io.in.taint = expander.taint;
            io.has_in = true;
            if (one.fd.value_or(0) != 0) {
                Cell cell;
                cell.values = {io.in.text};
                cell.taint = io.in.taint;
                state_.set("f:/dev/fd/" + std::to_string(*one.fd), std::move(cell));
                io.in = {};
                io.has_in = false;
            }
        } else
            redirect_file(one, target, io, slot, frame);
    }
    return io;
}

bool Walk::redirect_network(const Value& target, std::size_t slot) {
    const bool udp = target.text.starts_with("/dev/udp/");
    if (!udp && !target.text.starts_with("/dev/tcp/")) return false;
    const std::string_view rest = std::string_view(target.text).substr(9);
    Host host;
    host.name = rest.substr(0, rest.find('/'));
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) host.port = rest.substr(slash + 1);
    host.scheme = udp ? "udp" : "tcp";
    host.span = target.span;
    at(slot).hosts.push_back(std::move(host));
    add_fact(slot, "redirect.network");
    return true;
}

void Walk::redirect_file(const shell::Redirect& one, const Value& target, Redirected& io, std::size_t slot, Frame&) {
    using shell::RedirectOp;
    const bool reads = one.op == RedirectOp::in || one.op == RedirectOp::in_out || one.op == RedirectOp::dup_in;
    const bool writes = one.op != RedirectOp::in && one.op != RedirectOp::dup_in;
    const bool dup = one.op == RedirectOp::dup_in || one.op == RedirectOp::dup_out;
    if (dup && (is_number(target.text) || target.known() != Known::known)) {
        if (const Cell* cell = reads ? state_.get("f:/dev/fd/" + target.text) : nullptr;
            cell != nullptr && one.fd.value_or(0) == 0)
            read_cell(*cell, io);
        const bool socket = state_.get("n:" + target.text) != nullptr;
        if (socket) (reads ? io.network_in : io.network_out) = true;
        if (socket && reads && one.fd.value_or(0) == 0) io.has_in = io.in.given = io.in.taint.fetched = true;
        return;
    }
    if (redirect_network(target, slot)) {
        if (one.fd.value_or(reads ? 0 : 1) > 2 || !one.variable.empty())
            state_.set("n:" + std::to_string(one.fd.value_or(10)), "");
        const auto fd = one.fd.value_or(reads ? 0 : 1);
        const bool in = reads && fd == 0,
                   out = writes && (fd == 1 || fd == 2 || (fd == 0 && one.op == RedirectOp::in_out));
        io.network_in = io.network_in || in;
        io.network_out = io.network_out || out;
        io.in.taint.fetched = io.in.taint.fetched || in;
        io.has_in = io.has_in || in;
        io.in.given = io.in.given || in;
        return;
    }
    if (reads && one.fd.value_or(0) == 0) {
        io.has_in = true;
        io.in = {.given = true};
        io.in.file = target.text;
        if (const Cell* cell = file(target.text))
            read_cell(*cell, io);
        else if (!is_stream(target.text))
            io.in.taint.add({false, false, true, {static_cast<int>(slot)}});
    }
    if (is_stream(target.text)) return;
    if (reads) touch(slot, Act::read, target, false, false);
    if (writes) touch(slot, Act::write, target, false, false);
    if (!writes || one.fd.value_or(1) != 1) return;
    io.out.push_back(target.text);
    if (one.op == RedirectOp::out || one.op == RedirectOp::clobber) io.begun.push_back(target);
}

// What goes into a file is known of the file from then on.
Stream Walk::deliver(Stream out, const Redirected& io, std::size_t slot) {
    if (out.known && out.text.empty()) // nothing goes where something was
        for (const auto& file : io.begun) touch(slot, Act::remove, file, false, false);
    for (const auto& path : io.out) remember_file(path, out);
    if (io.out.empty()) return out;
    Stream none{.given = true, .known = true};
    return none;
}

// A name that is put together from pieces where one word would do. A leading backslash is a habit, against aliases.
bool Walk::is_hidden(const shell::Word& word, const Frame& frame, bool put_together) const {
    if (put_together) return true;
    std::size_t pieces = 0, variables = 0, names = 0;
    bool first = true, decoded = false;
    for (const auto& part : word.parts) {
        const auto slash = part.kind == shell::PartKind::literal ? part.text.rfind('/') : std::string::npos;
        if (slash != std::string::npos) pieces = variables = 0, names = 0;
        const bool after = slash == std::string::npos || slash + 1 < part.text.size();
        if (part.kind == shell::PartKind::glob || part.kind == shell::PartKind::brace) decoded = true;
        if (part.kind == shell::PartKind::command) decoded = word.parts.size() == 1 ? decoded : true, ++variables;
        if (part.kind == shell::PartKind::parameter) ++variables;
        const auto source = part.span.end <= frame.text.size() && part.span.begin < part.span.end
                                ? frame.text.substr(part.span.begin, part.span.end - part.span.begin)
                                : std::string_view{};
        if (source.starts_with("$'") && source.find('\\') != std::string_view::npos) decoded = true;
        const bool habit = first && source == "\\" + part.text && part.text.size() == 1;
        if (after && !habit) ++pieces;
        if (part.kind == shell::PartKind::literal && after) ++names;
        first = false;
    }
    if (decoded) return true;
    if (word.parts.size() == 1 && word.parts[0].kind == shell::PartKind::literal && !frame.fixed &&
        word.span.end <= frame.text.size()) {
        const std::string source(frame.text.substr(word.span.begin, word.span.end - word.span.begin));
        const std::string& text = word.parts[0].text;
        return text.find_first_of("\\'\" $") == std::string::npos && source != text && source != "\\" + text &&
               source != "'" + text + "'" && source != "\"" + text + "\"";
    }
    const bool path = pieces == 0 || (variables == 1 && pieces == 1);
    return !path && pieces > 1;
}

} // namespace owhale::policy::normal
