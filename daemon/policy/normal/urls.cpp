// Takes hosts out of words.
#include "policy/normal/urls.hpp"
#include "policy/normal/letters.hpp"

#include <algorithm>

namespace owhale::policy::normal {
namespace {

bool is_scheme(std::string_view text) {
    if (text.empty() || text.size() > 24) return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
               c == '.';
    });
}

// user:password@host:port
void read_authority(std::string_view text, Host& host) {
    if (const auto at = text.rfind('@'); at != std::string_view::npos) text = text.substr(at + 1);
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        host.name = lowered(text.substr(1, end == std::string_view::npos ? end : end - 1));
        if (end != std::string_view::npos && text.substr(end + 1).starts_with(':')) host.port = text.substr(end + 2);
        return;
    }
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(':') == colon) {
        host.port = text.substr(colon + 1);
        text = text.substr(0, colon);
    }
    while (text.ends_with('.')) text.remove_suffix(1);
    host.name = lowered(text);
}

std::string without_credentials(std::string_view url) {
    const auto start = url.find("://");
    if (start == std::string_view::npos) return std::string(url);
    const auto end = std::min(url.find_first_of("/?#", start + 3), url.size());
    const auto at = url.substr(0, end).rfind('@');
    if (at == std::string_view::npos || at < start) return std::string(url);
    return std::string(url.substr(0, start + 3)) + std::string(url.substr(at + 1));
}

} // namespace

std::optional<Host> host_of_url(const Value& word, std::string_view scheme) {
    Host host;
    host.span = word.span;
    std::string_view text = word.text;
    const auto mark = text.find("://");
    if (mark != std::string_view::npos && is_scheme(text.substr(0, mark))) {
        host.scheme = lowered(text.substr(0, mark));
        if (const auto plus = host.scheme.find('+'); plus != std::string::npos && host.scheme.starts_with("git+"))
            host.scheme = host.scheme.substr(plus + 1);
        text = text.substr(mark + 3);
        if (host.scheme == "file") return std::nullopt;
    } else if (scheme.empty())
        return std::nullopt;
    else
        host.scheme = scheme;
    host.url = without_credentials(word.text);
    read_authority(text.substr(0, text.find_first_of("/?#")), host);
    return host;
}

std::optional<Host> host_of_address(const Value& word) {
    std::string_view text = word.text;
    if (text.empty() || text.size() > 253 || text.find_first_of("/\\ =,;") != std::string_view::npos)
        return std::nullopt;
    if (const auto at = text.rfind('@'); at != std::string_view::npos) text = text.substr(at + 1);
    const auto colon = text.rfind(':');
    const std::string_view name = text.substr(0, colon);
    const std::string_view port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    const auto digits = [](std::string_view t, std::string_view more) {
        return !t.empty() && std::ranges::all_of(t, [&](char c) {
            return (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
        });
    };
    const bool address = digits(name, ".") && std::ranges::count(name, '.') == 3;
    const bool named =
        !name.empty() && (name.find('.') != std::string_view::npos || name == "localhost") && !digits(name, ".") &&
        std::ranges::all_of(name, [](char c) {
            return c == '.' || c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        });
    const bool ported = digits(port, "") && port.size() < 6;
    if (!(address && (colon == std::string_view::npos || ported)) && !(named && ported)) return std::nullopt;
    Host host = host_of_word(word, "tcp");
    host.listens = name == "0.0.0.0";
    return host;
}

std::optional<Remote> remote_path(const Value& word) {
    if (const auto host = host_of_url(word, "")) {
        const auto start = word.text.find('/', word.text.find("://") + 3);
        return Remote{*host, start == std::string::npos ? "" : word.text.substr(start)};
    }
    const auto colon = word.text.find(':');
    if (colon == std::string::npos || colon == 0 || word.text.find('/') < colon) return std::nullopt;
    Remote remote;
    remote.host.span = word.span;
    remote.host.scheme = "ssh";
    remote.host.url = word.text;
    std::string_view rest = std::string_view(word.text).substr(colon + 1);
    if (rest.starts_with(':')) {
        remote.host.scheme = "rsync";
        rest.remove_prefix(1);
    }
    read_authority(std::string_view(word.text).substr(0, colon), remote.host);
    remote.path = rest;
    return remote;
}

Host host_of_word(const Value& word, std::string_view scheme) {
    if (const auto host = host_of_url(word, "")) return *host;
    Host host;
    host.span = word.span;
    host.scheme = scheme;
    const std::string_view text = word.text;
    const bool v6 = std::ranges::count(text, ':') > 1 && !text.starts_with('[');
    if (v6)
        host.name = lowered(text);
    else
        read_authority(text.substr(0, text.find('/')), host);
    return host;
}

} // namespace owhale::policy::normal
