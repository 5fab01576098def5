#include "egress/http/place.hpp"

#include <algorithm>

#include "base/host_name.hpp"
#include "egress/url_path.hpp"

namespace owhale::egress::http {
namespace {

constexpr std::uint16_t kHttp = 80, kHttps = 443;

std::unexpected<Error> bad(std::string message, std::string next = {}) {
    return fail(Code::bad_request, std::move(message), std::move(next));
}

// "host" or "host:port", without a user.
Result<HostPort> authority_of(std::string_view text, std::uint16_t otherwise) {
    const auto bracket = text.rfind(']'), colon = text.rfind(':');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    auto read = has_port ? read_host_port(text) : read_host_port(std::string(text) + ":" + std::to_string(otherwise));
    if (!read) return bad("the request names no host: " + read.error().message);
    return read;
}

struct Parts { // of a target
    std::string_view authority, rest;
};

Result<Parts> split(std::string_view target) {
    if (target.find('#') != std::string_view::npos) return bad("the request target holds a fragment");
    if (target.starts_with('/')) return Parts{{}, target};
    if (lower_case(target.substr(0, 8)) == "https://")
        return bad("this proxy is not asked for https:// URLs by GET and the like",
                   "Use CONNECT, as clients do for https.");
    if (lower_case(target.substr(0, 7)) != "http://")
        return bad("the request target is neither a path nor an http:// URL",
                   "CONNECT is served by the proxy's own port.");
    target.remove_prefix(7);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    return Parts{target.substr(0, end), target.substr(end)};
}

bool lists(const api::HostRule& rule, const std::string& host) {
    if (rule.host.starts_with("*.")) return host.ends_with(std::string_view(rule.host).substr(1));
    return rule.host == host;
}

bool knows(const sandbox::NetRun& run, const std::string& host) {
    const auto of_secret = [&](const vault::RunSecret& secret) {
        return std::ranges::find(secret.hosts, host, &api::SecretHost::host) != secret.hosts.end();
    };
    return std::ranges::any_of(run.secrets, of_secret) ||
           std::ranges::any_of(run.scope.hosts, [&](const api::HostRule& rule) { return lists(rule, host); });
}

// "api.example.com.owhale.internal" is api.example.com by TLS; port 80 means 443, another means itself.
Status upgrade(Place& place, const sandbox::NetRun& run) {
    auto& target = place.target;
    place.endpoint = place.tls = true;
    place.endpoint_authority = place.authority;
    target.host.resize(target.host.size() - kEndpointSuffix.size());
    if (target.port == kHttp) target.port = kHttps;
    if (!is_host_name(target.host)) return bad("the endpoint names no host before " + std::string(kEndpointSuffix));
    if (knows(run, target.host)) return {};
    return fail(Code::host_denied, "no secret and no host of this run is " + target.host,
                "--allow-host " + target.host + ", or a secret that names it.");
}

Status check_front(const HostPort& named, const Front& front) {
    if (front.kind == Front::Kind::proxy) return {};
    const auto meant = as_address(front.host) ? as_address(front.host)->to_string() : front.host;
    if (named.host == meant && named.port == front.port) return {};
    return fail(Code::host_denied,
                "the Host header names " + to_text(named.host, named.port) + ", the connection goes to " +
                    to_text(meant, front.port),
                "Connect to the host that the request names.");
}

// As Host says it: without the port that goes without saying.
std::string host_field(const Target& target, bool tls) {
    auto text = to_text(target.host, target.port);
    if (target.port == (tls ? kHttps : kHttp)) text.resize(text.rfind(':'));
    return text;
}

} // namespace

Result<Place> place_of(const RequestHead& head, const Front& front, const sandbox::NetRun& run) {
    if (head.method == "CONNECT") return bad("CONNECT has no place here", "Send it to the proxy first of all.");
    if (head.fields.count("host") != 1) return bad("the request has no Host header");
    const auto parts = TRY(split(head.target));
    const bool inspected = front.kind == Front::Kind::inspected;
    const auto port = inspected ? kHttps : kHttp;
    const auto host = TRY(authority_of(head.fields.get("host"), port));
    if (parts.authority.empty() && front.kind == Front::Kind::proxy)
        return bad("a proxy is asked for a whole URL: GET http://host/path");
    if (!parts.authority.empty()) {
        const auto asked = TRY(authority_of(parts.authority, kHttp));
        if (asked.host != host.host || asked.port != host.port)
            return fail(Code::host_denied, "the URL and the Host header name different hosts",
                        "Send one of them twice.");
    }
    CHECK(check_front(host, front));
    Place place;
    place.tls = inspected;
    place.target = {host.host, host.port, "http", head.method, {}};
    place.origin_form = parts.rest.starts_with('/') ? std::string(parts.rest) : "/" + std::string(parts.rest);
    auto path = normal_path(place.origin_form);
    if (!path) return bad(path.error().message, path.error().next);
    place.target.path = std::move(*path);
    place.authority = host_field(place.target, inspected);
    if (!inspected && host.host.ends_with(kEndpointSuffix)) {
        CHECK(upgrade(place, run));
        place.authority = host_field(place.target, true);
    }
    return place;
}

} // namespace owhale::egress::http
