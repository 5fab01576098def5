// Hosts that runs may reach: the standing lines, the lists, and what would come of a URL.
#include "sandbox/host_register.hpp"

#include <algorithm>
#include <array>

#include "base/host_name.hpp"
#include "egress/address_kind.hpp"
#include "identity/service.hpp"
#include "sandbox/host_rule.hpp"
#include "sandbox/profiles.hpp"
#include "shared/host_text.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

api::HostEntry told(api::HostRule rule, std::string from) {
    api::HostEntry out;
    rule.from.reset();
    out.rule = std::move(rule);
    out.from = std::move(from);
    return out;
}

void add_lists(api::HostList& out, const sandbox::HostRegister& hosts) {
    for (const auto& [name, list] : hosts.lists()) {
        for (const auto& rule : list.hosts) out.hosts.push_back(told(rule, "list " + name));
        // That there is a list is told although this machine says nothing of it.
        if (list.hosts.empty()) out.hosts.push_back(told({"@" + name, {}, {}, {}, {}}, "list " + name + " (empty)"));
    }
}

void add_profiles(api::HostList& out, const sandbox::Profiles& profiles) {
    for (const auto& profile : profiles.list())
        for (const auto& rule : profile->network.hosts) {
            out.hosts.push_back(told(rule, "profile " + profile->name));
            out.hosts.back().profile = profile->name;
        }
}

bool is_seen(const Request& request, const api::HostEntry& entry) {
    return !entry.principal || *entry.principal == request.who().name || any(request, Permission::hosts);
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    api::HostList out;
    for (auto& entry : services.hosts->entries())
        if (is_seen(request, entry)) out.hosts.push_back(std::move(entry));
    add_profiles(out, services.profiles);
    add_lists(out, *services.hosts);
    return reply(out);
}

awaitable<Result<Response>> allow(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asked = codec::decode<api::HostAllowRequest>(request.body);
    if (!asked) co_return std::unexpected(asked.error());
    const auto& who = request.who();
    const bool everyones = any(request, Permission::hosts);
    if (asked->principal && *asked->principal != who.name && !everyones)
        co_return fail(Code::forbidden, "hosts are let through for others by who may see to everybody's",
                       "leave the principal out: it is for you");
    if (!asked->principal && !everyones) asked->principal = who.name;
    if (asked->profile)
        if (const auto profile = services.profiles.find(*asked->profile); !profile)
            co_return std::unexpected(profile.error());
    auto rule = asked->rule;
    if (rule.methods || rule.paths)
        co_return fail(Code::invalid_value,
                       "a standing line has no methods and paths: only a profile that reads TLS has",
                       "write them into a profile: [network] inspect = true, http = [{…}]");
    const auto standing = standing_of(request, services.identity, Permission::hosts);
    CO_CHECK(standing());
    sandbox::HostRegister::Wanted wanted{std::move(rule), asked->principal, asked->profile,
                                         asked->for_ms,   "hosts allow",    who.name};
    const auto entry = co_await services.hosts->allow(std::move(wanted));
    if (!entry) co_return std::unexpected(entry.error());
    co_return reply(*entry, 201);
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto id = request.params.at("id");
    const auto known = services.hosts->entry(id);
    if (!known || !is_seen(request, *known))
        co_return fail(Code::not_found, "there is no such entry", "`owhalectl hosts ls` lists them");
    if (!known->principal && !any(request, Permission::hosts))
        co_return fail(Code::forbidden, "this line is everybody's", "an admin or approver removes it");
    auto by = request.who().name;
    CO_CHECK(co_await services.hosts->remove(std::move(id), std::move(by)));
    co_return nothing();
}

struct Url {
    api::HostRule rule; // one host, one port
    std::string path;   // "" none was given
};

struct Scheme {
    std::string_view name;
    std::uint16_t port;
};
constexpr std::array kSchemes = {Scheme{"", 443},  Scheme{"https", 443}, Scheme{"http", 80}, Scheme{"wss", 443},
                                 Scheme{"ws", 80}, Scheme{"ssh", 22},    Scheme{"ftp", 21},  Scheme{"git", 9418}};

Result<std::uint16_t> port_of(const std::string& scheme) {
    const auto found = std::ranges::find(kSchemes, scheme, &Scheme::name);
    if (found != kSchemes.end()) return found->port;
    return fail(Code::invalid_value, "the port of that scheme is not known here", "say it: HOST:PORT");
}

Result<Url> read_url(const std::string& text) {
    const auto scheme_end = text.find("://");
    const auto scheme = scheme_end == std::string::npos ? std::string() : text.substr(0, scheme_end);
    auto rest = scheme_end == std::string::npos ? text : text.substr(scheme_end + 3);
    const auto slash = std::min(rest.find_first_of("/?#"), rest.size());
    Url out;
    out.path = rest.substr(slash);
    out.path = out.path.substr(0, out.path.find_first_of("?#"));
    rest.resize(slash);
    if (const auto at = rest.rfind('@'); at != std::string::npos && scheme_end != std::string::npos)
        rest = rest.substr(at + 1); // user:password
    out.rule = TRY(parse_host(rest));
    if (sandbox::is_list(out.rule) || out.rule.host.starts_with("*."))
        return fail(Code::invalid_value, "a URL names one host", "such as https://api.example.com/v1");
    if (!out.rule.ports) out.rule.ports = {TRY(port_of(scheme))};
    out.rule = TRY(sandbox::checked(std::move(out.rule)));
    return out;
}

bool lets(const api::HostRule& rule, const Url& url, const std::string& method) {
    api::HostRule place = rule;
    place.methods.reset();
    place.paths.reset();
    if (!sandbox::covers(place, url.rule)) return false;
    if (rule.methods && std::ranges::find(*rule.methods, method) == rule.methods->end()) return false;
    if (!rule.paths) return true;
    return std::ranges::any_of(*rule.paths, [&](std::string prefix) {
        if (prefix.ends_with('/')) prefix.pop_back();
        return url.path.starts_with(prefix) && (url.path.size() == prefix.size() || url.path[prefix.size()] == '/');
    });
}

Result<std::vector<api::HostRule>> rules_for(const Services& services, const Request& request,
                                             const sandbox::Profile& profile) {
    auto out = services.hosts->standing(request.who().name, profile.name);
    for (const auto& rule : profile.network.hosts) {
        if (!sandbox::is_list(rule)) {
            out.push_back(rule);
            continue;
        }
        auto some = TRY(services.hosts->list(std::string_view(rule.host).substr(1)));
        out.insert(out.end(), some.begin(), some.end());
    }
    return out;
}

api::HostVerdict verdict_on(const std::vector<api::HostRule>& rules, const Url& url, const std::string& method,
                            bool asks) {
    api::HostVerdict out;
    const auto host = sandbox::text_of(url.rule);
    for (const auto& rule : rules) {
        if (!lets(rule, url, method)) continue;
        out.decision = "allow";
        out.rule = rule.from.value_or("hosts") + " " + sandbox::text_of(rule);
        out.reason = "it is let through by " + out.rule;
        return out;
    }
    out.decision = asks ? "ask" : "deny";
    out.rule = "unknown-host";
    out.reason = asks ? "no line lets " + host + " through: a run that tries it waits for somebody's answer"
                      : "no line lets " + host + " through";
    out.reason += "; a secret that is for it would, in a run with --secret";
    out.change = "owhalectl hosts allow " + host;
    return out;
}

// As a run finds it when it connects: an address that is no ordinary host's needs a line of its own.
void hold_to_addresses(api::HostVerdict& verdict, const std::vector<api::HostRule>& rules, const Url& url) {
    if (verdict.decision != "allow") return;
    std::string kind, address;
    for (const auto& text : verdict.addresses) {
        boost::system::error_code error;
        const auto* special = egress::special(boost::asio::ip::make_address(text, error));
        const auto named = [&](const auto& rule) { return sandbox::covers(rule, {text, url.rule.ports, {}, {}, {}}); };
        if (error || special == nullptr || std::ranges::any_of(rules, named)) return;
        kind = special->name;
        address = text;
    }
    if (address.empty()) return;
    const auto port = std::to_string(url.rule.ports->front());
    const bool own = address == "127.0.0.1" || address == "::1";
    verdict.decision = "deny";
    verdict.rule = "private-address";
    verdict.reason = "it has the address " + address + ", which is " + kind + ", and no line names that";
    verdict.change = own ? "owhalectl run --host-port " + port
                         : "owhalectl hosts allow " + sandbox::text_of({address, url.rule.ports, {}, {}, {}});
}

awaitable<Result<Response>> check(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto asked = codec::decode<api::HostCheckRequest>(request.body);
    if (!asked) co_return std::unexpected(asked.error());
    const auto url = read_url(asked->url);
    if (!url) co_return std::unexpected(url.error());
    const auto profile = services.profiles.find(asked->profile.value_or("default"));
    if (!profile) co_return std::unexpected(profile.error());
    const auto rules = rules_for(services, request, **profile);
    if (!rules) co_return std::unexpected(rules.error());
    const bool asks = (*profile)->network.asks.value_or(services.settings.rules->asks_for_hosts);
    auto out = verdict_on(*rules, *url, asked->method.value_or("GET"), asks);
    if (services.addresses && is_host_name(url->rule.host)) {
        auto name = url->rule.host;
        auto found = co_await services.addresses(std::move(name));
        if (found) out.addresses = std::move(*found);
        hold_to_addresses(out, *rules, *url);
    }
    co_return reply(out);
}

} // namespace

std::vector<transport::Route> host_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {{"hosts.list", now(list), {}},
            {"hosts.allow", later(allow), {}},
            {"hosts.remove", later(remove), {}},
            {"hosts.check", later(check), {}}};
}

} // namespace owhale::verbs
