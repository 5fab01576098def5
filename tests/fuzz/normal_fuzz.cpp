// The normal form of anything: no crash, no hang, and what its header promises about spans, carriers, facts and paths.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/normal/dump.hpp"
#include "policy/normal/facts.hpp"
#include "policy/normal/normalize.hpp"

using namespace owhale::policy;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

constexpr const char* kLanguages[] = {"python", "javascript", "perl",    "ruby", "php",        "lua", "awk",
                                      "sed",    "sql",        "vim",     "make", "powershell", "tcl", "r",
                                      "emacs",  "julia",      "crontab", "tex",  "java",       "gdb"};

// The first byte chooses the shape: a script most often, words, code of a language, a pattern and a text.
Request request_of(std::uint8_t shape, std::string text) {
    Request request;
    if (shape < 200)
        request.script = std::move(text);
    else if (shape < 210) {
        request.argv.emplace_back();
        for (const char c : text) {
            if (c == '\n')
                request.argv.emplace_back();
            else
                request.argv.back() += c;
        }
    } else {
        request.language = kLanguages[shape % std::size(kLanguages)];
        request.code = std::move(text);
    }
    return request;
}

void check(const NormalForm& form) {
    must(form.commands.size() <= kMaxCommands + 1);
    for (std::size_t i = 0; i < form.commands.size(); ++i) {
        const auto& command = form.commands[i];
        must(command.span.begin <= command.span.end && command.span.end <= form.text.size());
        must(command.carrier < static_cast<int>(i));
        must(std::ranges::is_sorted(command.facts) && std::ranges::all_of(command.facts, is_fact));
        for (const auto& access : command.accesses)
            must(access.path.starts_with('/') || access.path.starts_with(kHole));
        must(!dump(command).empty());
    }
}

void check_match(const std::string& text) {
    const auto line = text.find('\n');
    if (line == std::string::npos || text.size() > 4096) return;
    const std::string value = text.substr(line + 1);
    const Match match = match_glob(text.substr(0, line), value);
    if (value.find('\0') == std::string::npos) must(match != Match::maybe);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 255) {
        check_match(text);
        return 0;
    }
    Facts facts;
    facts.cwd = facts.workspace = "/home/user/project";
    facts.home = "/home/user";
    check(normalize(request_of(data[0], text), facts));
    return 0;
}
