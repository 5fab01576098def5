#include "cli/where.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>

#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

constexpr auto kSystemSocket = "/run/owhaled/owhaled.sock";
constexpr std::uint16_t kPort = 7717;
constexpr auto kForm = "write http://127.0.0.1:7717, or https://HOST:PORT";

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

std::unexpected<Error> wrong(const std::string& url, const std::string& why) {
    return fail(Code::invalid_value, "'" + url + "' " + why, kForm);
}

// RFC 952 and 1123 names, and addresses: nothing else may come into the Host header.
bool plausible(const std::string& name) {
    if (name.empty() || name.size() > 253) return false;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '-' && c != ':') return false;
    }
    return true;
}

bool is_loopback(const std::string& name) {
    in_addr four{};
    in6_addr six{};
    if (::inet_pton(AF_INET, name.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    if (::inet_pton(AF_INET6, name.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
    return name == "localhost";
}

Status read_port(const std::string& url, std::string_view text, std::uint16_t& port) {
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, port);
    if (error == std::errc{} && at == end && port > 0) return {};
    return wrong(url, "has no port from 1 to 65535 after its last colon");
}

// "host", "host:port", "[::1]", "[::1]:port".
Status read_authority(const std::string& url, std::string rest, Host& host) {
    std::size_t colon = rest.rfind(':');
    if (rest.starts_with('[')) {
        const auto close = rest.find(']');
        if (close == std::string::npos) return wrong(url, "has no ] after its [");
        host.name = rest.substr(1, close - 1);
        colon = close + 1 < rest.size() ? close + 1 : std::string::npos;
        if (colon != std::string::npos && rest[colon] != ':') return wrong(url, "has something after its ]");
    } else {
        host.name = rest.substr(0, colon);
        if (host.name.find(':') != std::string::npos) return wrong(url, "needs [ ] around an IPv6 address");
    }
    if (colon != std::string::npos) CHECK(read_port(url, std::string_view(rest).substr(colon + 1), host.port));
    if (!plausible(host.name)) return wrong(url, "names no host");
    return {};
}

} // namespace

std::string Host::authority() const {
    const bool six = name.find(':') != std::string::npos;
    return (six ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

bool Host::is_loopback() const {
    return cli::is_loopback(name);
}

std::string Host::url() const {
    return (tls ? "https://" : "http://") + authority();
}

Result<Host> parse_host(const std::string& url) {
    Host host;
    host.port = kPort;
    host.tls = url.starts_with("https://");
    if (!host.tls && !url.starts_with("http://")) return wrong(url, "begins with neither http:// nor https://");
    auto rest = url.substr(url.find("//") + 2);
    if (rest.ends_with('/')) rest.pop_back();
    CHECK(read_authority(url, rest, host));
    if (!host.tls && !is_loopback(host.name))
        return fail(Code::invalid_value,
                    "plain HTTP to " + host.name + " would show your password and token to the network",
                    "use https:// there; http:// is for this machine's own addresses (127.0.0.1, [::1], localhost)");
    return host;
}

Result<Where> where_is(const std::string& socket, const std::string& host, const std::string& fingerprint) {
    if (!socket.empty() && !host.empty())
        return fail(Code::bad_request, "--socket and --host name two owhaleds", "leave out one of them");
    if (!socket.empty()) return Where{{{socket, "--socket"}}, {}};
    const auto from_host = variable("OWHALE_HOST"), from_socket = variable("OWHALE_SOCKET");
    if (host.empty() && from_host && from_socket)
        return fail(Code::bad_request, "OWHALE_HOST and OWHALE_SOCKET name two owhaleds",
                    "unset one of them, or say --host or --socket");
    if (!host.empty() || from_host) {
        auto found = TRY(parse_host(host.empty() ? *from_host : host));
        found.source = host.empty() ? "OWHALE_HOST" : "--host";
        found.fingerprint = fingerprint;
        if (!fingerprint.empty() && !found.tls)
            return fail(Code::bad_request, "--fingerprint is a certificate's, and plain HTTP has none",
                        "use https://, or leave it out");
        return Where{{}, std::move(found)};
    }
    if (from_socket) return Where{{{*from_socket, "OWHALE_SOCKET"}}, {}};
    Where where{{{kSystemSocket, "the system's"}}, {}};
    if (auto folder = variable("XDG_RUNTIME_DIR"))
        where.sockets.push_back({*folder + "/owhaled/owhaled.sock", "XDG_RUNTIME_DIR"});
    return where;
}

std::string options_for(const Where& where) {
    if (const auto& host = where.host)
        return " --host " + quoted(host->url()) +
               (host->fingerprint.empty() ? "" : " --fingerprint " + quoted(host->fingerprint));
    const auto& first = where.sockets.front();
    return first.path == kSystemSocket ? "" : " --socket " + quoted(first.path);
}

std::string describe(const Peer& peer) {
    if (peer.host)
        return peer.host->url() + " (" + peer.host->source +
               (peer.certificate.empty() ? "; plain HTTP on this machine)" : "; certificate " + peer.certificate + ")");
    return peer.where.path + " (" + peer.where.source + "; pid " + std::to_string(peer.pid) + ", uid " +
           std::to_string(peer.uid) + ")";
}

} // namespace owhale::cli
