#include "audit/ocsf_draft.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <optional>

#include "audit/event_json.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::int64_t kOther = 99; // of every enumeration in OCSF

bool is_address(const std::string& text) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

std::optional<std::int64_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

// "192.0.2.1:4711", "[::1]:4711".
std::optional<json::object> address_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = port_of(text.substr(colon + 1));
    auto host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (!port || !is_address(std::string(host))) return std::nullopt;
    return json::object{{"ip", host}, {"port", *port}};
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

} // namespace

std::string_view OcsfDraft::said(std::string_view name) const {
    return text_in(whole, name);
}

std::string OcsfDraft::told(std::string_view name) const {
    return std::string(text_in(data, name));
}

std::string OcsfDraft::take(std::string_view name) {
    const auto* value = data.if_contains(name);
    if (value == nullptr) return {};
    std::string taken;
    if (value->is_string())
        taken = value->get_string();
    else if (value->is_int64())
        taken = std::to_string(value->get_int64());
    else
        return {};
    data.erase(name);
    return taken;
}

json::array OcsfDraft::take_texts(std::string_view name) {
    const auto* value = data.if_contains(name);
    if (value == nullptr || !value->is_array()) return {};
    if (!std::ranges::all_of(value->get_array(), [](const json::value& one) { return one.is_string(); })) return {};
    auto taken = value->get_array();
    data.erase(name);
    return taken;
}

void OcsfDraft::move_number(std::string_view name, std::string_view attribute) {
    const auto* value = data.if_contains(name);
    if (value == nullptr || !value->is_int64()) return;
    out[attribute] = value->get_int64();
    data.erase(name);
}

json::object ocsf_user(std::string_view principal) {
    json::object user{{"name", principal.empty() ? "(unknown)" : principal}};
    const auto colon = principal.find(':');
    const auto kind = principal.substr(0, colon);
    const auto rest = colon == principal.npos ? std::string_view() : principal.substr(colon + 1);
    if ((kind == "unix" || kind == "uid") && all_digits(rest)) user["uid"] = rest;
    if (kind == "user" || kind == "unix" || kind == "uid") {
        user["type_id"] = 1;
    } else if (principal == "system") {
        user["type_id"] = 3;
    } else if (colon != principal.npos && kind.find(' ') == kind.npos) {
        user["type_id"] = kOther;
        user["type"] = kind;
    } else {
        user["type_id"] = 0;
    }
    return user;
}

json::object ocsf_endpoint(std::string_view peer) {
    if (peer.empty()) return ocsf_own_endpoint();
    if (peer.starts_with("tcp "))
        if (auto both = address_and_port(peer.substr(4))) return *std::move(both);
    if (peer.starts_with("ip:") && is_address(std::string(peer.substr(3)))) return {{"ip", peer.substr(3)}};
    return {{"name", peer}};
}

json::object ocsf_endpoint(std::string_view host, std::int64_t port) {
    json::object out;
    out[is_address(std::string(host)) ? "ip" : "name"] = host.empty() ? "(unknown)" : host;
    if (port >= 0 && port <= 65535) out["port"] = port;
    return out;
}

json::object ocsf_own_endpoint() {
    return {{"svc_name", "owhaled"}};
}

} // namespace owhale::audit
