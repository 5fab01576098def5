// Any bytes at the shell parser: it ends, in time that grows with them, and its spans are ranges of them that nest.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "policy/shell/parser.hpp"

using namespace owhale::policy;
using namespace owhale::policy::shell;

namespace {

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

class Checker {
public:
    explicit Checker(const Bounds& bounds) : bounds_(bounds) {}

    void script(const Script& script, Span around) {
        nest(script.span, around);
        for (const auto& statement : script.statements) {
            nest(statement.span, script.span);
            require(!statement.links.empty(), "a statement without a pipeline");
            for (const auto& link : statement.links) pipeline(link.pipeline, statement.span);
        }
    }

private:
    void nest(Span inner, Span outer) {
        require(inner.begin <= inner.end, "a span that ends before it begins");
        require(outer.begin <= inner.begin && inner.end <= outer.end, "a span outside of the one around it");
    }

    void pipeline(const Pipeline& pipeline, Span around) {
        nest(pipeline.span, around);
        require(!pipeline.commands.empty(), "a pipeline without a command");
        require(pipeline.errors_too.size() == pipeline.commands.size(), "a pipeline that lost count");
        for (const auto& one : pipeline.commands) command(one, pipeline.span);
    }

    void command(const Command& command, Span around) {
        nest(command.span, around);
        commands_ += command.kind == CommandKind::simple ? 1 : 0;
        require(commands_ <= 2 * bounds_.commands, "more commands than the bound"); // a lone `time` counts for none
        for (const auto& one : command.assignments) assignment(one, command.span);
        for (const auto& one : command.words) word(one, command.span);
        for (const auto& one : command.redirects) redirect(one, command.span);
        for (const auto& one : command.bodies) script(one, command.span);
        for (const auto& arm : command.arms) {
            nest(arm.span, command.span);
            require(arm.body != nullptr, "an arm without a body");
            for (const auto& one : arm.patterns) word(one, arm.span);
            script(*arm.body, arm.span);
        }
    }

    void redirect(const Redirect& redirect, Span around) {
        nest(redirect.span, around);
        // The body of a here-document lies behind the line.
        word(redirect.target, redirect.op == RedirectOp::heredoc ? redirect.target.span : redirect.span);
    }

    void assignment(const Assignment& assignment, Span around) {
        nest(assignment.span, around);
        if (assignment.index) word(*assignment.index, assignment.span);
        if (!assignment.value.parts.empty()) word(assignment.value, assignment.span);
        for (const auto& one : assignment.elements) this->assignment(one, assignment.span);
    }

    void word(const Word& word, Span around) {
        nest(word.span, around);
        for (const auto& one : word.parts) part(one, word.span);
    }

    void part(const Part& part, Span around) {
        nest(part.span, around);
        require(part.words.size() <= kMaxBrace || part.kind != PartKind::brace, "more alternatives than the bound");
        require((part.script != nullptr) == (part.kind == PartKind::command || part.kind == PartKind::process_in ||
                                             part.kind == PartKind::process_out),
                "a script where none belongs, or none where one does");
        if (part.script) script(*part.script, part.span);
        for (const auto& one : part.words) word(one, part.span);
        require((part.parameter != nullptr) == (part.kind == PartKind::parameter), "a parameter of another kind");
        if (!part.parameter) return;
        require(!part.parameter->name.empty(), "a parameter without a name");
        if (part.parameter->index) word(*part.parameter->index, part.span);
        for (const auto& one : part.parameter->arguments) word(one, part.span);
    }

    const Bounds& bounds_;
    std::size_t commands_ = 0;
};

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// What a build takes to expand all that one text may: an instrumented one that is not optimized is fifty times slower.
double expansion_seconds() {
    std::string text = "echo";
    for (int i = 0; i < 20; ++i) text += " {1..1000}";
    const auto began = processor_seconds();
    static_cast<void>(parse(text));
    return processor_seconds() - began;
}

// Of the processor, not of the clock on the wall. Slow twice is slow: a first time may have been the machine's.
void check_time(std::string_view text, double spent) {
    static const double expansion = expansion_seconds();
    const auto allowed = 0.05 + 5 * expansion + static_cast<double>(text.size()) * 20e-6;
    if (spent <= allowed) return;
    const auto began = processor_seconds();
    static_cast<void>(parse(text));
    require(processor_seconds() - began <= allowed, "time out of proportion");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Bounds bounds;
    const auto began = processor_seconds();
    const auto parsed = parse(text, bounds);
    check_time(text, processor_seconds() - began);
    const Span whole{0, static_cast<std::uint32_t>(size)};
    if (parsed) {
        Checker(bounds).script(*parsed, whole);
        return 0;
    }
    const auto& error = parsed.error();
    require(error.span.begin <= error.span.end && error.span.end <= whole.end, "an error outside of the text");
    require(!error.message.empty(), "an error without a message");
    return 0;
}
