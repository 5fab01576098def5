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

// Braces that become more words than anybody means.
bool is_long(const shell::Word& word, const Frame& frame) {
    const auto is_brace = [](const shell::Part& part) { return part.kind == shell::PartKind::brace; };
    if (std::ranges::none_of(word.parts, is_brace) || word.span.end > frame.text.size()) return false;
    return words_of(frame.text.substr(word.span.begin, word.span.end - word.span.begin)) >= kManyWords;
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
        if (declares && (assignment.array || assignment.index))
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
