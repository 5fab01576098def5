#include "cli/device_url.hpp"

#include <string_view>

namespace owhale::cli {
namespace {

constexpr std::string_view kScheme = "https://", kPlain = "http://", kPage = "/app";
constexpr auto kForm = "write it as https://build.example.org or https://192.0.2.7:7717";

// What is copied from a browser that shows owhaled's page.
void leave_out_page(std::string& url) {
    while (url.size() > kScheme.size() && url.ends_with('/')) url.pop_back();
    if (url.ends_with(kPage) && url.size() > kScheme.size() + kPage.size()) url.resize(url.size() - kPage.size());
}

} // namespace

Result<Host> parse_device_url(const std::string& url) {
    if (url.starts_with(kPlain))
        return fail(Code::bad_request, "a device joins over TLS alone, and '" + url + "' is plain HTTP", kForm);
    if (!url.starts_with(kScheme))
        return fail(Code::invalid_value, "'" + url + "' does not begin with https://", kForm);
    if (url.find('#') != std::string::npos)
        return fail(Code::invalid_value, "what stands behind the # is the code, which is asked for",
                    "the code belongs on no command line: " + url.substr(0, url.find('#')));
    auto rest = url;
    leave_out_page(rest);
    const auto path = rest.find_first_of("/?", kScheme.size());
    if (path != std::string::npos)
        return fail(Code::invalid_value, "'" + url + "' has a path", "without a path: " + rest.substr(0, path));
    auto host = parse_host(rest);
    if (!host) host.error().next = kForm;
    return host;
}

bool is_everywhere(const std::string& tcp) {
    return tcp.starts_with("0.0.0.0:") || tcp.starts_with("[::]:");
}

Result<Host> device_url_for(const std::string& tcp, const std::string& name) {
    auto host = TRY(parse_device_url(std::string(kScheme) + tcp));
    if (!is_everywhere(tcp)) return host;
    host.name = name;
    return parse_device_url(host.url());
}

} // namespace owhale::cli
