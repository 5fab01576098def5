#include "vault/rules.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace owhale::vault {
namespace {

constexpr std::size_t kLongestName = 64, kLongestHost = 253, kLongestLabel = 63, kLongestPrefix = 64,
                      kLongestPath = 1024;
constexpr std::size_t kMostListed = 32; // methods, paths, principals, roles, profiles

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_token_char(char c) { // RFC 9110, 5.6.2
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

void lower(std::string& text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::unexpected<Error> bad(std::string what, std::string next = {}) {
    return fail(Code::invalid_value, std::move(what), std::move(next));
}

// Whose value decides where the message goes or where it ends.
constexpr std::array<std::string_view, 16> kFraming = {
    "host",      "connection", "content-length",   "transfer-encoding", "te",     "trailer",
    "upgrade",   "keep-alive", "proxy-connection", "content-encoding",  "expect", "accept-encoding",
    "forwarded", "via",        "x-forwarded-host", "http2-settings"};

// What decides how programs of the run start, or where its network goes.
constexpr std::array<std::string_view, 16> kReserved = {
    "PATH", "HOME",     "USER",         "SHELL",   "IFS",        "ENV",         "BASH_ENV",  "PYTHONPATH",
    "TERM", "PERL5OPT", "NODE_OPTIONS", "RUBYOPT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};

Status check_host_name(const std::string& host) {
    if (host.find('*') != std::string::npos)
        return bad("\"" + host + "\" is a wildcard: a secret goes to exact names alone", "name each host");
    if (host.find(':') != std::string::npos || host.find('[') != std::string::npos)
        return bad("\"" + host + "\" is no host name",
                   "a secret goes to names, not to addresses; the port stands apart");
    if (host.empty() || host.size() > kLongestHost) return bad("a host name has 1 to 253 characters");
    std::string_view rest = host, label;
    for (bool more = true; more;) {
        const auto dot = rest.find('.');
        label = rest.substr(0, dot);
        more = dot != std::string_view::npos;
        if (more) rest.remove_prefix(dot + 1);
        const bool good = !label.empty() && label.size() <= kLongestLabel && label.front() != '-' &&
                          label.back() != '-' &&
                          std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
        if (!good)
            return bad("\"" + host + "\" is no host name",
                       "letters, digits and dashes, without a trailing dot; of other scripts the form xn--…");
    }
    const bool number = std::ranges::all_of(label, is_digit) || label.starts_with("0x");
    if (number) return bad("\"" + host + "\" is an address: a secret goes to names alone", "use the host's name");
    return {};
}

bool is_dot_segment(std::string_view segment) {
    return segment == "." || segment == "..";
}

Status check_path(const std::string& path) {
    const bool shaped =
        path.starts_with('/') && path.size() <= kLongestPath && std::ranges::all_of(path, [](char c) {
            return is_alnum(c) || std::string_view("/-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
        });
    if (!shaped) return bad("\"" + path + "\" is no path prefix", "it begins with /, and has neither %, ? nor #");
    for (std::string_view rest = std::string_view(path).substr(1);;) {
        const auto slash = rest.find('/');
        const auto segment = rest.substr(0, slash);
        if (is_dot_segment(segment)) return bad("\"" + path + "\" has a segment . or ..", "write it without");
        if (segment.empty() && slash != std::string_view::npos) return bad("\"" + path + "\" has an empty segment");
        if (slash == std::string_view::npos) return {};
        rest.remove_prefix(slash + 1);
    }
}

Status check_methods(std::vector<std::string>& methods) {
    for (auto& method : methods) {
        if (method.empty() || method.size() > 32 || !std::ranges::all_of(method, is_token_char))
            return bad("\"" + method + "\" is no method", "such as GET or POST");
        for (auto& c : method)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (method == "TRACE" || method == "CONNECT")
            return bad(method + " never carries a secret: TRACE shows it to whoever asked, CONNECT to a proxy");
    }
    return {};
}

Status check_host(api::SecretHost& host, const SharedHosts& shared) {
    lower(host.host);
    CHECK(check_host_name(host.host));
    if (host.port == 0) return bad("a port is 1 to 65535");
    if (const auto domain = shared.shares(host.host); !domain.empty())
        return bad(host.host + " is shared: below " + domain +
                       " strangers choose names or paths, and would get the value",
                   "name the supplier's own API host; if this one is yours alone, an administrator adds the line \"!" +
                       host.host + "\" to hosts-dir/shared-hosts");
    if (host.methods) {
        if (host.methods->size() > kMostListed) return bad("a host has 32 methods at most");
        CHECK(check_methods(*host.methods));
    }
    if (host.paths) {
        if (host.paths->size() > kMostListed) return bad("a host has 32 paths at most");
        for (const auto& path : *host.paths) CHECK(check_path(path));
    }
    return {};
}

Status check_list(const std::optional<std::vector<std::string>>& list, const char* what, std::size_t longest) {
    if (!list) return {};
    if (list->size() > kMostListed) return bad(std::string("32 ") + what + " at most");
    for (const auto& one : *list)
        if (one.empty() || one.size() > longest ||
            !std::ranges::all_of(one, [](char c) { return c > ' ' && c < 0x7f; }))
            return bad("\"" + one + "\" is not one of " + what);
    return {};
}

} // namespace

Status check_secret_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
        return is_alnum(c) || c == '.' || c == '_' || c == '-';
    }) && !is_dot_segment(name);
    if (good) return {};
    return bad("a secret's name is 1 to 64 letters, digits and . _ -", "such as OPENAI_API_KEY");
}

std::string variable_of(std::string_view name) {
    std::string out(name);
    for (auto& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (c == '-' || c == '.') c = '_';
    }
    return !out.empty() && is_digit(out.front()) ? "_" + out : out;
}

Status check_variable(std::string_view variable) {
    const bool shaped = !variable.empty() && variable.size() <= 128 && !is_digit(variable.front()) &&
                        std::ranges::all_of(variable, [](char c) { return is_alnum(c) || c == '_'; });
    if (!shaped)
        return bad("\"" + std::string(variable) + "\" is no variable", "letters, digits and _, not a digit first");
    std::string upper(variable);
    for (auto& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (upper.starts_with("LD_") || upper.starts_with("OWHALE_") ||
        std::ranges::find(kReserved, upper) != kReserved.end())
        return bad("the variable " + std::string(variable) + " decides how programs start",
                   "choose another with --variable");
    return {};
}

bool fits_header(std::string_view value) {
    const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
    return !value.empty() && visible(value.front()) && visible(value.back()) &&
           std::ranges::all_of(value, [&](char c) { return visible(c) || c == ' '; });
}

Status check_use(api::Secret& secret, const SharedHosts& shared) {
    CHECK(check_variable(secret.variable));
    if (secret.endpoint_variable) CHECK(check_variable(*secret.endpoint_variable));
    if (secret.endpoint_variable && *secret.endpoint_variable == secret.variable)
        return bad("the endpoint has the value's own variable", "choose another with --endpoint-variable");
    lower(secret.header);
    if (secret.header.empty() || secret.header.size() > 64 || !std::ranges::all_of(secret.header, is_token_char))
        return bad("\"" + secret.header + "\" is no header's name", "such as authorization or x-api-key");
    if (std::ranges::find(kFraming, secret.header) != kFraming.end() || secret.header.starts_with("proxy-") ||
        secret.header.starts_with("sec-"))
        return bad("the header " + secret.header + " steers the message itself, and carries no secret",
                   "such as authorization or x-api-key");
    const auto& prefix = secret.prefix;
    if (prefix.size() > kLongestPrefix || prefix.starts_with(' ') ||
        !std::ranges::all_of(prefix, [](char c) { return c >= ' ' && c < 0x7f; }))
        return bad("the prefix is at most 64 visible characters", "such as \"Bearer \"");
    if (secret.hosts.size() > kMostHosts) return bad("a secret has 32 hosts at most");
    std::set<std::pair<std::string, std::uint16_t>> seen;
    for (auto& host : secret.hosts) {
        CHECK(check_host(host, shared));
        if (!seen.emplace(host.host, host.port).second)
            return bad(host.host + ":" + std::to_string(host.port) + " stands twice", "give its paths in one entry");
    }
    if (secret.endpoint_variable && secret.hosts.empty()) return bad("an endpoint needs a host", "name it with --host");
    return {};
}

Status check_access(const api::SecretAccess& access) {
    CHECK(check_list(access.principals, "principals", 128));
    CHECK(check_list(access.roles, "roles", 32));
    CHECK(check_list(access.profiles, "profiles", 64));
    constexpr std::array<std::string_view, 5> kRoles = {"admin", "approver", "agent", "auditor", "monitor"};
    if (access.roles)
        for (const auto& role : *access.roles)
            if (std::ranges::find(kRoles, role) == kRoles.end())
                return bad("\"" + role + "\" is no role", "agent, approver, auditor, monitor or admin");
    if (access.principals)
        for (const auto& one : *access.principals)
            if (!one.starts_with("user:") && !one.starts_with("unix:") && !one.starts_with("device:"))
                return bad("\"" + one + "\" is no principal", "such as user:alice or unix:1000");
    return {};
}

} // namespace owhale::vault
