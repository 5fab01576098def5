// A tree of the shell parser in one line of text, which tests compare.
//
// Words: 'quoted', ${x}, "${x}" when quoted, $[commands], $((arithmetic)), <[commands] and >[commands] for processes,
// <glob>, <~name>, {a|b} for alternatives and {=text} for those not expanded.
#pragma once

#include <doctest/doctest.h>
#include <initializer_list>

#include <string>
#include <string_view>

#include "policy/shell/parser.hpp"

namespace owhale::policy::shell {

class Tree {
public:
    std::string script(const Script& script) {
        std::string out;
        for (const auto& statement : script.statements) {
            if (!out.empty()) out += "; ";
            for (const auto& link : statement.links) {
                if (link.joiner != Joiner::first) out += link.joiner == Joiner::and_if ? " && " : " || ";
                out += pipeline(link.pipeline);
            }
            if (statement.background) out += " &";
        }
        return out;
    }

    std::string word(const Word& word) {
        if (word.parts.empty()) return "''";
        std::string out;
        for (const auto& one : word.parts) out += part(one);
        return out;
    }

    std::string redirect(const Redirect& one) {
        constexpr const char* kOps[] = {"<", ">", ">>", ">|", "<>", "<&", ">&", "&>", "&>>", "<<", "<<<"};
        std::string out = one.variable.empty() ? "" : "{" + one.variable + "}";
        if (one.fd) out += std::to_string(*one.fd);
        return out + kOps[static_cast<int>(one.op)] + word(one.target);
    }

private:
    std::string pipeline(const Pipeline& pipeline) {
        std::string out = pipeline.timed ? "time " : "";
        if (pipeline.negated) out += "! ";
        for (std::size_t i = 0; i < pipeline.commands.size(); ++i) {
            out += command(pipeline.commands[i]);
            if (i + 1 < pipeline.commands.size()) out += pipeline.errors_too[i] ? " |& " : " | ";
        }
        return out;
    }

    std::string command(const Command& one) {
        constexpr const char* kKinds[] = {"",     "sub",    "group", "if",       "while", "until", "for",
                                          "afor", "select", "case",  "function", "test",  "arith", "coproc"};
        std::string out = kKinds[static_cast<int>(one.kind)];
        add(out, one.name);
        add(out, one.text);
        if (one.listed) add(out, "in");
        for (const auto& assignment_of : one.assignments) add(out, assignment(assignment_of));
        for (const auto& word_of : one.words) add(out, word(word_of));
        for (const auto& body : one.bodies) add(out, "(" + script(body) + ")");
        for (const auto& arm_of : one.arms) add(out, arm(arm_of));
        for (const auto& redirect_of : one.redirects) add(out, redirect(redirect_of));
        return out;
    }

    static void add(std::string& out, const std::string& text) {
        if (!out.empty() && !text.empty()) out += ' ';
        out += text;
    }

    std::string arm(const CaseArm& arm) {
        std::string out;
        for (const auto& pattern : arm.patterns) out += (out.empty() ? "" : "|") + word(pattern);
        return out + ")(" + script(*arm.body) + ")" + arm.terminator;
    }

    std::string assignment(const Assignment& one) {
        auto out = one.name + (one.index ? "[" + word(*one.index) + "]" : "");
        out += one.append ? "+=" : out.empty() ? "" : "=";
        if (!one.array) return out + (one.value.parts.empty() ? "" : word(one.value));
        std::string elements;
        for (const auto& element : one.elements) add(elements, assignment(element));
        return out + "(" + elements + ")";
    }

    std::string part(const Part& one) {
        switch (one.kind) {
        case PartKind::literal:
            return one.quoted ? "'" + one.text + "'" : one.text;
        case PartKind::parameter:
            return quote(one, "${" + parameter(*one.parameter) + "}");
        case PartKind::command:
            return quote(one, "$[" + script(*one.script) + "]");
        case PartKind::arithmetic:
            return quote(one, "$((" + one.text + "))" + inner(one));
        case PartKind::process_in:
            return "<[" + script(*one.script) + "]";
        case PartKind::process_out:
            return ">[" + script(*one.script) + "]";
        case PartKind::glob:
            return "<" + one.text + ">" + inner(one);
        case PartKind::tilde:
            return "<~" + one.text + ">";
        case PartKind::brace:
            return brace(one);
        }
        return "?";
    }

    static std::string quote(const Part& one, const std::string& text) {
        return one.quoted ? "\"" + text + "\"" : text;
    }

    std::string inner(const Part& one) {
        std::string out;
        for (const auto& word_of : one.words) out += (out.empty() ? "" : ",") + word(word_of);
        return out.empty() ? out : "[" + out + "]";
    }

    std::string brace(const Part& one) {
        if (one.words.empty()) return "{=" + one.text + "}";
        std::string out;
        for (const auto& word_of : one.words)
            out += (out.empty() ? "{" : "|") + (word_of.parts.empty() ? "" : word(word_of));
        return out + "}";
    }

    std::string parameter(const Parameter& one) {
        auto out = (one.indirect ? "!" : "") + one.name;
        if (one.index) out += "[" + word(*one.index) + "]";
        if (!one.op.empty()) out += " " + one.op;
        for (const auto& argument : one.arguments) out += " " + word(argument);
        return out;
    }
};

// The tree of a script, or "error: …".
inline std::string tree_of(std::string_view text, const Bounds& bounds = {}) {
    const auto parsed = parse(text, bounds);
    return parsed ? Tree().script(*parsed) : "error: " + parsed.error().message;
}

struct Row {
    std::string script;
    std::string tree;
};

inline void check(std::initializer_list<Row> rows) {
    for (const auto& row : rows) {
        CAPTURE(row.script);
        CHECK_EQ(tree_of(row.script), row.tree);
    }
}

} // namespace owhale::policy::shell
