#include "approvals/bound.hpp"

#include <algorithm>
#include <array>
#include <boost/describe/operators.hpp>

namespace owhale::approvals {
namespace {

// Of these a program's words change, and its messages; never what it does.
constexpr std::array<std::string_view, 8> kHarmless = {"LANG",    "TZ",    "TERM",     "COLORTERM",
                                                       "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"};

bool counts(std::string_view name) {
    return !name.starts_with("LC_") && std::ranges::find(kHarmless, name) == kHarmless.end();
}

std::map<std::string, std::string> counting(const std::map<std::string, std::string>& environment) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : environment)
        if (counts(name)) out.emplace(name, value);
    return out;
}

// Lines of the book, the profile and lists are somebody's standing word, and change without the plan.
api::NetScope own_part(const api::NetScope& whole) {
    auto own = whole;
    own.asks = false;
    std::erase_if(own.hosts,
                  [](const api::HostRule& line) { return line.from != "request" && line.from != "command"; });
    return own;
}

template <typename T> bool is_among(const std::vector<T>& part, const std::vector<T>& all) {
    using boost::describe::operators::operator==;
    return std::ranges::all_of(
        part, [&](const T& item) { return std::ranges::any_of(all, [&](const T& other) { return item == other; }); });
}

// Nothing more of the network than was agreed to.
bool no_wider(const Bound& bound, const api::Frozen& frozen) {
    if (!frozen.scope) return true;
    if (!bound.scope) return false;
    const auto& all = *bound.scope;
    const auto own = own_part(*frozen.scope);
    return is_among(own.hosts, all.hosts) && is_among(own.ports, all.ports) && is_among(own.secrets, all.secrets) &&
           is_among(own.host_ports, all.host_ports) && is_among(own.brokers, all.brokers) &&
           own.inspected == all.inspected;
}

bool same_place(const Bound& bound, const api::Frozen& frozen) {
    return bound.verb == frozen.verb && bound.cwd == frozen.cwd && bound.net == frozen.net && bound.uid == frozen.uid &&
           bound.joined == frozen.joined.value_or("") && bound.stdin_digest == frozen.stdin_digest &&
           (bound.workspace_writable || !frozen.workspace_writable) &&
           bound.environment == counting(frozen.environment);
}

// The paths at a template's <path>; empty when the command is another one.
std::optional<std::vector<std::string>> same_command(const Bound& bound, const api::Frozen& frozen) {
    if (frozen.code || frozen.language || bound.args != frozen.args || bound.script != frozen.script) return {};
    if (!bound.template_) {
        if (bound.argv != frozen.argv) return {};
        return std::vector<std::string>{};
    }
    const auto wanted = parse_template(*bound.template_);
    if (!wanted || !frozen.argv) return {};
    return match(*wanted, *frozen.argv, {frozen.cwd, frozen.workspace});
}

Fit ended(std::string because) {
    return {Fit::How::void_, {}, std::move(because)};
}

// What the files of the plan say: another program is another command, the same one with another content a change.
Fit compare_files(const Bound& bound, const api::Frozen& frozen) {
    const auto is_like = [](const api::FrozenFile& a, const api::FrozenFile& b) {
        return a.path == b.path && a.role == b.role;
    };
    if (!std::ranges::equal(bound.files, frozen.files, is_like)) return {};
    for (std::size_t i = 0; i < bound.files.size(); ++i) {
        if (bound.files[i].digest.empty() || frozen.files[i].digest.empty()) return {};
        if (bound.files[i].digest != frozen.files[i].digest) return ended(bound.files[i].path + " changed");
        if (bound.files[i].held && !frozen.files[i].held)
            return ended(bound.files[i].path + " can be written by others than root now");
    }
    return {Fit::How::covers, {}, {}};
}

} // namespace

Bound bind(const api::Frozen& frozen, const api::Verdict& verdict) {
    Bound bound;
    bound.verb = frozen.verb;
    bound.cwd = frozen.cwd;
    bound.net = frozen.net;
    bound.profile_digest = frozen.profile_digest;
    bound.stdin_digest = frozen.stdin_digest;
    bound.joined = frozen.joined.value_or("");
    bound.uid = frozen.uid;
    bound.workspace_writable = frozen.workspace_writable;
    bound.argv = frozen.argv;
    bound.args = frozen.args;
    bound.script = frozen.script;
    bound.environment = counting(frozen.environment);
    bound.files = frozen.files;
    bound.rule = verdict.rule;
    bound.severity = verdict.severity.value_or("");
    bound.policy = frozen.policy;
    if (frozen.scope) bound.scope = own_part(*frozen.scope);
    return bound;
}

Fit fit(const Bound& bound, const api::Frozen& frozen, const api::Verdict& verdict, std::string_view shape) {
    if (!same_place(bound, frozen) || !no_wider(bound, frozen)) return {};
    auto paths = same_command(bound, frozen);
    if (!paths) return {};
    if (bound.template_ && bound.shape != shape) return {};
    auto out = compare_files(bound, frozen);
    if (out.how != Fit::How::covers) return out;
    if (bound.profile_digest != frozen.profile_digest) return ended("the profile " + frozen.profile + " changed");
    if (bound.rule != verdict.rule || bound.severity != verdict.severity.value_or("")) {
        // Another rule for other words, or other rules for the same words.
        if (bound.template_ || bound.policy == frozen.policy) return {};
        return ended("the policy changed: " + verdict.rule + " asks about it now, as " +
                     verdict.severity.value_or("none"));
    }
    out.paths = std::move(*paths);
    return out;
}

} // namespace owhale::approvals
