#include "egress/cage_net.hpp"

namespace owhale::egress {
namespace {

// What reads a bundle of CAs: OpenSSL and what is built on it, requests, Node, curl, git, cargo, pip, and the AWS tools.
constexpr const char* kBundleVariables[] = {"SSL_CERT_FILE",  "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
                                            "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",     "CARGO_HTTP_CAINFO",
                                            "PIP_CERT",       "AWS_CA_BUNDLE"};

void add_proxies(std::map<std::string, std::string>& environment) {
    const auto port = std::to_string(wire::kProxyPort);
    const auto http = "http://127.0.0.1:" + port, socks = "socks5h://127.0.0.1:" + port;
    for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}) environment[name] = http;
    for (const char* name : {"ALL_PROXY", "all_proxy"}) environment[name] = socks;
    for (const char* name : {"NO_PROXY", "no_proxy"}) environment[name] = "localhost,127.0.0.1,::1";
    environment["NODE_USE_ENV_PROXY"] = "1"; // node's own fetch looks at the variables only with it
}

} // namespace

sandbox::CageNet cage_net(const std::string& ca, const std::string& system) {
    sandbox::CageNet net;
    add_proxies(net.environment);
    // "search .": no name is tried with the machine's own domain behind it.
    net.files.emplace_back("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\noptions edns0 timeout:5 attempts:2\n");
    // Without the machine's own lines: a name of theirs would pass owhaled by, and end on the cage's own loopback.
    net.files.emplace_back("/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    if (ca.empty()) return net;
    for (const auto* variable : kBundleVariables) net.environment[variable] = kCaBundle;
    net.files.emplace_back(std::string(kCaBundle),
                           system + (system.ends_with('\n') || system.empty() ? "" : "\n") + ca);
    return net;
}

} // namespace owhale::egress
