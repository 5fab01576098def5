// Lists, pipelines and code in words: the order in which things happen.
#include "policy/normal/walk.hpp"

#include <algorithm>
#include <tuple>

#include "policy/normal/paths.hpp"
#include "policy/shell/parser.hpp"

namespace owhale::policy::normal {
namespace {

constexpr unsigned kMaxDepth = 200; // of bodies, calls and layers together

void add_output(Stream& all, Stream next) {
    all.taint.add(next.taint);
    all.known = all.known && next.known;
    all.text += next.text;
    all.program = std::move(next.program);
    if (next.endless) all.endless = true, all.endless_slot = next.endless_slot;
    all.names.insert(all.names.end(), next.names.begin(), next.names.end());
    if (all.text.size() > (64 << 10)) all.known = false, all.text.clear();
}

} // namespace

Walk::Walk(NormalForm& out, const Facts& facts) : out_(out), facts_(facts) {
    state_.set(".", facts.cwd);
    fetched_.values = {std::string(kHole)};
    fetched_.taint.fetched = true;
    state_.set("v:_n", std::string(kAnyName));
}

void Walk::run_text(std::string_view text, const std::vector<std::string>& args) {
    if (!args.empty()) {
        Cell cell;
        cell.elements = args;
        state_.set("@", std::move(cell));
    }
    const auto parsed = parse(text, static_cast<std::size_t>(-1), {0, static_cast<std::uint32_t>(text.size())});
    if (parsed == nullptr) return;
    Frame frame;
    frame.text = text;
    script(*parsed, frame);
}

void Walk::run_argv(const std::vector<Value>& argv) {
    Call made;
    made.argv = argv;
    made.frame.shell = false;
    made.frame.text = out_.text;
    made.slot = reserve(made.frame, {0, static_cast<std::uint32_t>(out_.text.size())});
    call(made);
}

void Walk::run_code(const std::string& language, std::string_view text, const std::vector<std::string>& args) {
    const Span span{0, static_cast<std::uint32_t>(text.size())};
    if (language == "sh" || language == "bash") return run_text(text, args);
    Call made;
    made.program = language;
    made.frame.text = text;
    made.frame.shell = false;
    made.slot = reserve(made.frame, span);
    at(made.slot).program = language;
    at(made.slot).known_program = true;
    made.arguments.operands.push_back({std::string(text), span});
    for (const auto& arg : args) {
        made.arguments.operands.push_back({arg, span});
        at(made.slot).operands.push_back({arg, span});
    }
    scan(made, language, {std::string(text), span});
}

const shell::Script* Walk::parse(std::string_view text, std::size_t slot, Span span) {
    shell::Bounds bounds;
    bounds.commands = kMaxCommands;
    auto parsed = shell::parse(text, bounds);
    if (!parsed) {
        const bool top = slot == static_cast<std::size_t>(-1);
        if (top || parsed.error().too_big) {
            out_.refused = Opaque{top ? parsed.error().span : span, parsed.error().message};
            out_.too_big = parsed.error().too_big;
        } else {
            add_fact(slot, "code.unknown");
            add_opaque(slot, span, "this code cannot be parsed: " + parsed.error().message);
        }
        return nullptr;
    }
    scripts_.push_back(std::move(*parsed));
    return &scripts_.back();
}

Stream Walk::script(const shell::Script& script, Frame& frame) {
    Stream all{.given = true, .known = true};
    if (++frame.depth > kMaxDepth) {
        too_big(script.span, "commands are nested too deeply to be followed");
        return {};
    }
    for (const auto& part : script.statements) {
        if (stopped()) break;
        add_output(all, statement(part, frame));
    }
    --frame.depth;
    return all;
}

Stream Walk::statement(const shell::Statement& statement, Frame& frame) {
    Stream all{.given = true, .known = true};
    const auto mark = state_.mark();
    const bool before = frame.background;
    frame.background = before || statement.background;
    for (const auto& link : statement.links) {
        if (stopped()) break;
        const bool conditional = link.joiner != shell::Joiner::first;
        if (!conditional) {
            add_output(all, pipeline(link.pipeline, frame));
            continue;
        }
        // It may not happen: what it changes is one of two possibilities. A folder that is gone to after && is believed, as what
        // follows was written for it.
        const auto inner = state_.mark();
        Stream out = pipeline(link.pipeline, frame);
        if (link.joiner == shell::Joiner::or_if) out.known = false;
        Changes changes = state_.leave(inner);
        if (changes.empty()) {
            add_output(all, std::move(out));
            continue;
        }
        if (link.joiner == shell::Joiner::and_if && (changes.contains(".") || statement.links.size() > 8))
            state_.apply(std::move(changes));
        else
            state_.join({std::move(changes), {}});
        add_output(all, std::move(out));
    }
    frame.background = before;
    if (statement.background) state_.leave(mark); // a subshell
    return all;
}

Stream Walk::pipeline(const shell::Pipeline& pipeline, Frame& frame) {
    Frame own = frame;
    own.pipeline = ++pipelines_;
    own.stage = 0;
    if (pipeline.commands.size() == 1) {
        Stream out = command(pipeline.commands[0], own);
        close_endless(out, own);
        frame.network_in = own.network_in;
        frame.network_out = own.network_out;
        frame.in = own.in;
        return out;
    }
    Stream in;
    for (std::size_t i = 0; i < pipeline.commands.size() && !stopped(); ++i) {
        const auto mark = state_.mark();
        own.stage = static_cast<std::uint32_t>(i);
        own.piped = frame.piped || i + 1 < pipeline.commands.size();
        Stream out = command(pipeline.commands[i], own);
        auto changes = state_.leave(mark);
        for (auto& [key, cell] : changes) // files stay written, variables do not
            if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
        in = std::move(out);
        in.given = true;
        own.in = &in;
    }
    close_endless(in, frame);
    return in;
}

Stream Walk::command(const shell::Command& shell_command, Frame& frame) {
    if (out_.commands.size() >= kMaxCommands) {
        too_big(shell_command.span, "it has more commands than can be judged");
        return {};
    }
    if (shell_command.kind == shell::CommandKind::simple) return simple(shell_command, frame);
    return compound(shell_command, frame);
}

Stream Walk::subshell(const shell::Script& body, Frame& frame) {
    const auto mark = state_.mark();
    Frame own = frame;
    Stream out = script(body, own);
    auto changes = state_.leave(mark);
    for (auto& [key, cell] : changes)
        if (is_of_files(key) && cell) state_.set(key, std::move(*cell));
    return out;
}

// Holes stand in the code as expansions of variables that nobody can have set.
Stream Walk::code(Call& call, std::string_view text, const Value& word, std::string via, bool same_shell) {
    if (call.frame.layer >= kMaxLayers) {
        add_fact(call.slot, "code.unknown");
        add_opaque(call.slot, word.span, "code stands in code too deep to be followed");
        return {};
    }
    std::string source;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\0')
            source += text[i];
        else
            source += i + 1 < text.size() && text[++i] != '!' ? "${_n}" : "${_h}";
    }
    texts_.push_back(std::move(source));
    const auto* parsed = parse(texts_.back(), call.slot, word.span);
    if (parsed == nullptr) return {};
    Frame inner = call.frame;
    inner.in = call.in();
    inner.carrier = static_cast<int>(call.slot);
    if (!via.empty()) inner.via.push_back(std::move(via));
    inner.fixed = call.frame.fixed.value_or(word.span);
    inner.text = texts_.back();
    inner.shell = true;
    ++inner.layer;
    return same_shell ? script(*parsed, inner) : subshell(*parsed, inner);
}

std::size_t Walk::reserve(const Frame& frame, Span span) {
    SimpleCommand made;
    made.span = frame.fixed.value_or(span);
    made.via = frame.via;
    made.carrier = frame.carrier;
    made.pipeline = frame.pipeline;
    made.stage = frame.stage;
    out_.commands.push_back(std::move(made));
    if (out_.commands.size() > kMaxCommands) too_big(span, "it has more commands than can be judged");
    const auto slot = out_.commands.size() - 1;
    if (frame.background) add_fact(slot, "background");
    if (frame.endless) add_fact(slot, "loop.endless");
    if (frame.endless && frame.waits) add_fact(slot, "loop.waits");
    return slot;
}

void Walk::add_fact(std::size_t slot, std::string_view fact) {
    auto& facts = at(slot).facts;
    const auto place = std::ranges::lower_bound(facts, fact);
    if (place == facts.end() || *place != fact) facts.emplace(place, fact);
}

void Walk::add_opaque(std::size_t slot, Span span, std::string reason) {
    auto& list = at(slot).opaque;
    for (const auto& known : list)
        if (known.reason == reason && known.span == span) return;
    if (list.size() < 64) list.push_back({span, std::move(reason)});
}

std::vector<std::string> Walk::folders() const {
    const Cell* cell = state_.get(".");
    return cell == nullptr || cell->values.empty() ? std::vector<std::string>{facts_.cwd} : cell->values;
}

std::vector<std::string> Walk::absolute(std::string_view path) const {
    std::vector<std::string> out;
    if (path.starts_with('/') || path.starts_with(kHole)) return {through_links(absolute_path(path, "/"))};
    for (const auto& folder : folders()) out.push_back(through_links(absolute_path(path, folder)));
    return out;
}

// What lies below a link that the text made. Bounded: links may lead to each other.
std::string Walk::through_links(std::string path) const {
    constexpr int kMaxHops = 8;
    for (int hop = 0; links_ > 0 && hop < kMaxHops; ++hop) {
        const Cell* link = nullptr;
        auto end = path.find('/', 1);
        for (; end != std::string::npos && link == nullptr; end = path.find('/', end + 1))
            if ((link = state_.get("l:" + path.substr(0, end))) != nullptr) break;
        if (link == nullptr) break;
        path = absolute_path(link->values.front() + path.substr(end), "/");
    }
    return path;
}

const Cell* Walk::file(std::string_view path) const {
    for (const auto& whole : absolute(path))
        if (const Cell* cell = state_.get("f:" + whole)) return cell;
    for (const auto& folder : fetched_folders_) // an archive that was fetched lies open there
        for (const auto& whole : absolute(path))
            if (whole != folder && is_below(whole, folder)) return &fetched_;
    return nullptr;
}

bool Walk::in_workspace(std::string_view path) const {
    return is_below(path, facts_.workspace.empty() ? facts_.cwd : facts_.workspace);
}

void Walk::too_big(Span span, std::string reason) {
    if (out_.refused) return;
    out_.refused = Opaque{span, std::move(reason)};
    out_.too_big = true;
}

void Walk::add_plain_facts() {
    for (std::size_t slot = 0; slot < out_.commands.size(); ++slot) {
        const auto& made = at(slot);
        if (made.carrier < 0 || static_cast<std::size_t>(made.carrier) >= out_.commands.size()) continue;
        const auto& carrier = at(static_cast<std::size_t>(made.carrier));
        const std::string by = made.via.size() > carrier.via.size() ? made.via[carrier.via.size()] : "";
        const auto carrying = static_cast<std::size_t>(made.carrier);
        if (bare_shells_.contains(slot) && !carrier.hosts.empty() && !remote_.contains(carrying))
            add_fact(carrying, "socket.shell");
        if (by != "$()" && by != "<()" && by != ">()") add_fact(static_cast<std::size_t>(made.carrier), "carries");
    }
    for (std::size_t slot = 0; slot < out_.commands.size(); ++slot) {
        const auto& made = at(slot);
        const bool carries = std::ranges::binary_search(made.facts, "carries");
        if (!made.operands.empty())
            add_fact(slot, "operand");
        else if (made.code.empty() && !carries && made.program != ":")
            add_fact(slot, "bare");
    }
}

void Walk::finish() {
    run_traps();
    // What a function would do counts where nothing calls it, too: it could be called by a name that is put together.
    for (std::size_t i = 0; i < defined_.size() && !stopped(); ++i) {
        if (called_.contains(defined_[i])) continue;
        called_.insert(defined_[i]);
        const Cell* cell = state_.get("F:" + defined_[i]);
        if (cell == nullptr || cell->function == nullptr) continue;
        const shell::Command& function = *cell->function;
        const auto mark = state_.mark();
        state_.erase("@");
        Frame frame;
        std::tie(frame.text, frame.fixed) = functions_[&function];
        frame.via = {"function"};
        frame.functions = {defined_[i]};
        for (const auto& body : function.bodies) script(body, frame);
        state_.leave(mark);
    }
    add_plain_facts();
    for (auto& made : out_.commands)
        for (const auto& opaque : made.opaque)
            if (out_.opaque.size() < 1024) out_.opaque.push_back(opaque);
}

} // namespace owhale::policy::normal
