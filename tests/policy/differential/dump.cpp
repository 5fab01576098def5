// Prints what the parser made of each script, as JSON, one line a script: {"ok":…,"error":…,"commands":[…]}.
//
// Standard input: scripts, each ended by a NUL byte. A word is a list of parts: {"k":kind,"t":text,"q":quoted}.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "policy/shell/parser.hpp"

using namespace owhale::policy;
using namespace owhale::policy::shell;

namespace {

constexpr const char* kParts[] = {"lit", "par", "cmd", "ari", "in", "out", "glob", "tilde", "brace"};
constexpr const char* kCommands[] = {"simple", "subshell", "group", "if",       "while", "until",      "for",
                                     "afor",   "select",   "case",  "function", "test",  "arithmetic", "coproc"};

class Printer {
public:
    explicit Printer(std::string_view source) : source_(source) {}

    std::string take() { return std::move(out_); }

    void script(const Script& script) {
        for (const auto& statement : script.statements)
            for (const auto& link : statement.links)
                for (const auto& one : link.pipeline.commands) command(one);
    }

    void text(std::string_view text) {
        out_ += '"';
        for (const char byte : text) {
            const auto code = static_cast<unsigned char>(byte);
            char escaped[8];
            if (code < 0x20 || code >= 0x7f || byte == '"' || byte == '\\') { // bytes as U+0000…U+00FF
                std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
                out_ += escaped;
            } else {
                out_ += byte;
            }
        }
        out_ += '"';
    }

    void raw(std::string_view text) { out_ += text; }

private:
    // The commands in expansions come after the one that they are in.
    void command(const Command& command) {
        separate();
        out_ += "{\"k\":\"" + std::string(kCommands[static_cast<int>(command.kind)]) + "\",\"name\":";
        text(command.name);
        out_ += ",\"text\":";
        text(command.text);
        out_ += ",\"a\":[";
        for (std::size_t i = 0; i < command.assignments.size(); ++i) {
            out_ += i ? "," : "";
            assignment(command.assignments[i]);
        }
        out_ += "],\"w\":";
        words(command.words);
        out_ += ",\"r\":[";
        for (std::size_t i = 0; i < command.redirects.size(); ++i) {
            const auto& one = command.redirects[i];
            out_ += std::string(i ? "," : "") + "{\"op\":" + std::to_string(static_cast<int>(one.op));
            out_ += ",\"fd\":" + (one.fd ? std::to_string(*one.fd) : "-1") + ",\"var\":";
            text(one.variable);
            out_ += ",\"t\":";
            word(one.target);
            out_ += "}";
        }
        out_ += "],\"p\":[";
        for (std::size_t i = 0; i < command.arms.size(); ++i) {
            out_ += i ? "," : "";
            words(command.arms[i].patterns);
        }
        out_ += "]}";
        first_ = false;
        inside(command);
    }

    void inside(const Command& command) {
        for (const auto& one : command.assignments) inside(one);
        for (const auto& one : command.words) inside(one);
        for (const auto& one : command.redirects) inside(one.target);
        for (const auto& arm : command.arms) {
            for (const auto& one : arm.patterns) inside(one);
            script(*arm.body);
        }
        for (const auto& body : command.bodies) script(body);
    }

    void inside(const Assignment& one) {
        if (one.index) inside(*one.index);
        inside(one.value);
        for (const auto& element : one.elements) inside(element);
    }

    void inside(const Word& word) {
        for (const auto& part : word.parts) {
            if (part.script) script(*part.script);
            for (const auto& one : part.words) inside(one);
            if (!part.parameter) continue;
            if (part.parameter->index) inside(*part.parameter->index);
            for (const auto& one : part.parameter->arguments) inside(one);
        }
    }

    void separate() {
        if (!first_) out_ += ',';
        first_ = true;
    }

    void assignment(const Assignment& one) {
        out_ += "{\"n\":";
        text(one.name);
        out_ += std::string(",\"plus\":") + (one.append ? "1" : "0") + ",\"i\":";
        if (one.index) {
            word(*one.index);
        } else {
            out_ += "null";
        }
        out_ += ",\"v\":";
        word(one.value);
        out_ += ",\"e\":";
        if (!one.array) {
            out_ += "null}";
            return;
        }
        out_ += '[';
        for (std::size_t i = 0; i < one.elements.size(); ++i) {
            out_ += i ? "," : "";
            assignment(one.elements[i]);
        }
        out_ += "]}";
    }

    void words(const std::vector<Word>& words) {
        out_ += '[';
        for (std::size_t i = 0; i < words.size(); ++i) {
            out_ += i ? "," : "";
            word(words[i]);
        }
        out_ += ']';
    }

    void word(const Word& word) {
        out_ += '[';
        for (std::size_t i = 0; i < word.parts.size(); ++i) {
            out_ += i ? "," : "";
            part(word.parts[i]);
        }
        out_ += ']';
    }

    void part(const Part& part) {
        out_ += "{\"k\":\"" + std::string(kParts[static_cast<int>(part.kind)]) +
                "\",\"q\":" + (part.quoted ? "1" : "0") + ",\"t\":";
        text(part.text);
        if (part.kind == PartKind::brace) {
            out_ += ",\"s\":"; // as written, where it stands in the script itself
            text(source_.substr(part.span.begin, part.span.end - part.span.begin));
            out_ += ",\"w\":";
            words(part.words);
        }
        if (part.parameter) {
            out_ += ",\"name\":";
            text(part.parameter->name);
            out_ += ",\"op\":";
            text(part.parameter->op);
            out_ += std::string(",\"bang\":") + (part.parameter->indirect ? "1" : "0") + ",\"w\":";
            words(part.parameter->arguments);
        }
        out_ += '}';
    }

    std::string_view source_;
    std::string out_;
    bool first_ = true;
};

std::string line_of(std::string_view script) {
    Printer printer(script);
    const auto parsed = parse(script);
    if (!parsed) {
        printer.raw("{\"ok\":false,\"begin\":" + std::to_string(parsed.error().span.begin) +
                    ",\"end\":" + std::to_string(parsed.error().span.end) + ",\"error\":");
        printer.text(parsed.error().message);
        printer.raw("}");
        return printer.take();
    }
    printer.raw("{\"ok\":true,\"commands\":[");
    printer.script(*parsed);
    printer.raw("]}");
    return printer.take();
}

} // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string script; std::getline(std::cin, script, '\0');) std::cout << line_of(script) << '\n';
    return 0;
}
