// Conditions about hosts.
#include "policy/matcher.hpp"

#include <algorithm>

namespace owhale::policy {

// By its name alone, or with its port.
Match Matching::named_host(const WordList& names, std::size_t number) const {
    const auto match = names.match(seen_.host(number));
    const auto& port = command_.hosts[number].port;
    if (match == Match::yes || port.empty()) return match;
    return std::max(match, names.match(seen_.host(number) + ":" + port));
}

// What is allowed for one host is not allowed for another beside it.
Match Matching::every_host(bool listening, const WordList& names) {
    auto worst = Match::yes;
    bool any = false;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i) {
        const auto& host = command_.hosts[i];
        if (host.listens != listening) continue;
        any = true;
        const auto match = counts(host) ? named_host(names, i) : Match::no;
        if (match == Match::maybe) unknown_ = seen_.host(i);
        worst = std::min(worst, match);
    }
    return any ? worst : Match::no;
}

// A host that counts: no exception, and, where they are asked for, one of these names, one that data goes to.
Match Matching::some_host(bool listening, const WordList* names, bool sending) {
    auto best = Match::no;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i) {
        const auto& host = command_.hosts[i];
        if (host.listens != listening || (sending && !host.sends) || !counts(host)) continue;
        const auto& name = seen_.host(i);
        auto match = names == nullptr ? Match::yes : named_host(*names, i);
        if (!rule_.except_host.empty()) match = std::min(match, unless(rule_.except_host.match(name)));
        better(best, match, host.span, name);
    }
    return best;
}

// Of a rule to allow every host that it connects to.
Match Matching::agreed() {
    const auto& rule = *outline_.rule;
    if (!rule.agreed) return Match::yes;
    const auto other = [&](const Host& host) { return !host.listens && !counts(host); };
    if (rule.decision == Decision::allow && std::ranges::any_of(command_.hosts, other)) return Match::no;
    return some_host(false, nullptr, false);
}

// Without a condition about hosts: it is no command whose every host is an exception.
Match Matching::except_host() {
    const auto& rule = *outline_.rule;
    const bool elsewhere = !rule_.host.empty() || rule.connects || rule.sends_data || rule.listens || rule.agreed;
    if (rule_.except_host.empty() || elsewhere || command_.hosts.empty()) return Match::yes;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i)
        if (rule_.except_host.match(seen_.host(i)) != Match::yes) return Match::yes;
    return Match::no;
}

Match Matching::url() {
    if (rule_.url.empty()) return Match::yes;
    auto best = Match::no;
    for (const auto& host : command_.hosts)
        if (!host.url.empty()) better(best, rule_.url.match(host.url), host.span, host.url);
    return best;
}

} // namespace owhale::policy
