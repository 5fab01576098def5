// What awk sends to commands and files.
#include <algorithm>

#include "policy/normal/evaluator.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {

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
            out_.shell.push_back(text);
            shell_ = true;
        } else if (before == ">" || before == ">>")
            out_.accesses.push_back({Act::write, text});
        else if (before == "<")
            out_.accesses.push_back({Act::read, text});
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
