// What awk sends to commands and files.
#include <algorithm>

#include "policy/normal/things.hpp"

namespace owhale::policy::normal {

void Evaluator::add_access(Act act, const std::string& path) {
    const auto same = [&](const Access& one) { return one.act == act && one.path == path; };
    if (out_.accesses.size() < 512 && std::ranges::none_of(out_.accesses, same)) out_.accesses.push_back({act, path});
}

// Texts that stand beside each other are one.
Thing Evaluator::awk_concatenated(int depth) {
    Thing value = term(depth + 1);
    while (at_ < tokens_.size() && value.known && !value.is_name) {
        const bool text = peek()->kind == TokenKind::string || peek()->kind == TokenKind::number;
        const bool name = peek()->kind == TokenKind::name && (is("ENVIRON") || values_.contains(peek()->text));
        if (!text && !name && !(is("(") && peek()->spaced)) break;
        value = joined(std::move(value), term(depth + 1));
    }
    return value;
}

// print … > FILE, print … | COMMAND, COMMAND | getline
void Evaluator::awk_operators(Thing& value, int depth) {
    const bool pipe = !is(">") && !is(">>");
    ++at_;
    if (pipe && is("getline")) {
        ++at_;
        shell_ = true;
        is_text(value) ? emit_shell(value.text, "") : add_fact("code.unknown");
        value = {};
        return;
    }
    const Thing to = awk_concatenated(depth + 1);
    if (!pipe) {
        if (is_text(to)) add_access(Act::write, to.text);
        return;
    }
    shell_ = true;
    if (!is_text(to)) return add_fact("code.unknown");
    emit_shell(to.text, "");
    const bool shell = to.text.ends_with("sh") && to.text.find(' ') == std::string::npos;
    if (shell && is_text(value)) emit_shell(value.text, "");
}

// A rule or a statement of awk.
void Evaluator::awk_line(int depth) {
    const bool prints = is("print") || is("printf");
    if (prints || is(";") || is("}") || at_ >= tokens_.size() || peek()->kind == TokenKind::line) printing_ = prints;
    if ((is("load") || is("include")) && peek(1) != nullptr && peek(1)->kind == TokenKind::string) {
        const std::string file = peek(1)->text;
        if (file.find('/') != std::string::npos) out_.accesses.push_back({Act::execute, file});
        at_ += 2;
        return;
    }
    for (const auto word : {"print", "printf", "while", "if", "for", "else", "do", "return"})
        if (is(word)) {
            ++at_;
            break;
        }
    if (is_name() && is("=", 1) && !is("=", 2)) {
        const std::string name = peek()->text;
        at_ += 2;
        return bind(name, expression(depth));
    }
    const Thing place = expression(depth);
    if (!place.is_name || !is("=") || is("=", 1)) return;
    ++at_;
    const std::string name = place.text.substr(0, place.text.find('.'));
    bind(name, expression(depth));
}

// print | "cmd", "cmd" | getline, print > "file", getline < "file", "/inet/tcp/0/host/port"
void Evaluator::awk_flows() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (tokens_[i].kind != TokenKind::string) continue;
        const std::string& text = tokens_[i].text;
        const std::string before = i > 0 ? tokens_[i - 1].text : "",
                          after = i + 1 < tokens_.size() ? tokens_[i + 1].text : "";
        const std::string then = i + 2 < tokens_.size() ? tokens_[i + 2].text : "";
        if (text.starts_with("/inet")) {
            std::vector<std::string> parts(1);
            for (const char c : text) {
                if (c == '/')
                    parts.emplace_back();
                else
                    parts.back() += c;
            }
            if (parts.size() > 5) out_.hosts.push_back({.name = parts[4], .port = parts[5], .scheme = parts[2]});
            socket_ = true;
        } else if (((after == "|" || after == "|&") && then == "getline") || before == "|" || before == "|&") {
            if (std::ranges::find(out_.shell, text) == out_.shell.end()) out_.shell.push_back(text);
            shell_ = true;
        } else if (before == ">" || before == ">>")
            add_access(Act::write, text);
        else if (before == "<")
            add_access(Act::read, text);
    }
    bool piped = false; // cmd | getline, where cmd is not known
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i)
        piped =
            piped || (tokens_[i].kind == TokenKind::name &&
                      (tokens_[i + 1].text == "|" || tokens_[i + 1].text == "|&") && tokens_[i + 2].text == "getline");
    if (socket_ && piped) add_fact("socket.shell");
    if (piped) add_fact("code.unknown");
}

} // namespace owhale::policy::normal
