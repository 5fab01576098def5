// Arguments without brackets: as perl and ruby have them, and words as a shell has them.
#include "policy/normal/evaluator.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {

// Words as a shell has them: powershell and tcl.
Evaluator::Arguments Evaluator::words(int depth) {
    Arguments out;
    while (at_ < tokens_.size() && out.size() < kMaxList) {
        const Token& first = *peek();
        if (first.kind == TokenKind::line || is(";") || is("|") || is(")") || is("}") || is("]")) break;
        if (is("(") || is("[")) {
            out.push_back(expression(depth + 1));
            continue;
        }
        Thing word;
        word.known = true;
        bool begun = false;
        while (at_ < tokens_.size() && (!begun || !peek()->spaced)) {
            if (peek()->kind == TokenKind::line || is(";") || is("|") || is(")") || is("(") || is("}") || is(","))
                break;
            const std::string& text = peek()->text;
            const auto value = values_.find(text);
            if (peek()->kind == TokenKind::name && text.starts_with('$')) {
                word.text +=
                    value != values_.end() && value->second.known && !value->second.is_name && !value->second.is_list
                        ? value->second.text
                        : std::string(kHole);
                if (value != values_.end())
                    word.decoded |= value->second.decoded, word.fetched |= value->second.fetched;
            } else
                word.text += text;
            begun = true;
            ++at_;
        }
        if (is(",")) ++at_;
        if (!begun) {
            ++at_;
            continue;
        }
        if (!word.text.starts_with('-') || language_.name == "tcl") out.push_back(std::move(word));
    }
    return out;
}

Evaluator::Arguments Evaluator::bare_arguments(int depth) {
    if (language_.insensitive || language_.name == "tcl") return words(depth);
    Arguments out;
    while (at_ < tokens_.size() && out.size() < kMaxList) {
        const auto before = at_;
        Thing value = expression(depth + 1);
        if (at_ == before) break;
        out.push_back(std::move(value));
        if (!is(",") && !is("=>")) {
            const bool more = (language_.lisp || language_.insensitive || language_.name == "tcl") &&
                              at_ < tokens_.size() && peek()->kind != TokenKind::line && !is(")") && !is(";") &&
                              !is("|") && !is("}");
            if (!more) break;
            continue;
        }
        ++at_;
        while (at_ < tokens_.size() && peek()->kind == TokenKind::line) ++at_;
    }
    return out;
}

} // namespace owhale::policy::normal
