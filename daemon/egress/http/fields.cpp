#include "egress/http/fields.hpp"

#include <algorithm>
#include <array>

namespace owhale::egress::http {
namespace {

// A second one would be ambiguous, or an attack.
constexpr std::array<std::string_view, 14> kOnce = {
    "host",   "content-length", "transfer-encoding",     "content-type",        "content-range",
    "expect", "upgrade",        "authorization",         "sec-websocket-key",   "location",
    "te",     "range",          "sec-websocket-version", "sec-websocket-accept"};

constexpr std::array<std::string_view, 12> kHopByHop = {"connection",
                                                        "keep-alive",
                                                        "proxy-connection",
                                                        "proxy-authorization",
                                                        "proxy-authenticate",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "http2-settings",
                                                        "alt-svc",
                                                        "proxy-authentication-info"};

// What Connection may not take away: the meaning of the message hangs on it.
constexpr std::array<std::string_view, 6> kKept = {"host", "content-length", "content-type", "content-encoding",
                                                   "date", "authorization"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_char(char c) {
    const char l = lower(c);
    const bool alnum = (c >= '0' && c <= '9') || (l >= 'a' && l <= 'z');
    return alnum || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

template <typename Each> void each_item(std::string_view list, Each each) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        each(trimmed(list.substr(0, comma)));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

std::unexpected<Error> bad(std::string message) {
    return fail(Code::bad_request, std::move(message));
}

} // namespace

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(), lower);
    return lowered;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Status Fields::add_line(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("a header line has no colon");
    const auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (!is_token(name))
        return bad("a header name is not a token (folded lines and spaces before the colon are refused)");
    if (std::ranges::any_of(value, is_control))
        return bad("the header " + std::string(name) + " holds a control character");
    if (has(name) && std::ranges::find(kOnce, lower_case(name)) != kOnce.end())
        return bad("the header " + std::string(name) + " stands twice");
    all_.push_back({std::string(name), std::string(value)});
    return {};
}

void Fields::set(std::string_view name, std::string value) {
    const auto first = std::ranges::find_if(all_, [name](const Field& field) { return same_name(field.name, name); });
    const auto written = first == all_.end() ? std::string(name) : first->name;
    const auto place = first - all_.begin();
    remove(name);
    all_.insert(all_.begin() + place, {written, std::move(value)});
}

void Fields::remove(std::string_view name) {
    std::erase_if(all_, [name](const Field& field) { return same_name(field.name, name); });
}

std::size_t Fields::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(all_, [name](const Field& field) { return same_name(field.name, name); }));
}

std::string_view Fields::get(std::string_view name) const {
    const auto at = std::ranges::find_if(all_, [name](const Field& field) { return same_name(field.name, name); });
    return at == all_.end() ? std::string_view{} : std::string_view(at->value);
}

bool Fields::lists(std::string_view name, std::string_view token) const {
    bool found = false;
    for (const auto& field : all_)
        if (same_name(field.name, name))
            each_item(field.value, [&](std::string_view item) { found = found || same_name(item, token); });
    return found;
}

void Fields::remove_hop_by_hop() {
    std::vector<std::string> named;
    for (const auto& field : all_)
        if (same_name(field.name, "connection"))
            each_item(field.value, [&](std::string_view item) { named.push_back(lower_case(item)); });
    for (const auto& name : named)
        if (std::ranges::find(kKept, name) == kKept.end()) remove(name);
    for (const auto name : kHopByHop) remove(name);
}

} // namespace owhale::egress::http
