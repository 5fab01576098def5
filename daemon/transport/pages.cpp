#include "transport/pages.hpp"

#include <string>

#include "page/files.hpp"

namespace owhale::transport {
namespace {

constexpr std::string_view kPage = "/app";

// No script but the page's own files, no markup made of text, no other host, in no frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types owhaled";

bool is_asked_for(const Head& head) {
    return (head.method == "GET" || head.method == "HEAD") && !head.has_body() && !head.upgrade();
}

std::string own_origin(const Head& head) {
    return "https://" + std::string(head.field("host"));
}

bool is_of_page(std::string_view path) {
    return path == kPage || path.starts_with("/app/");
}

bool is_own(const Head& head) {
    const auto site = head.field("sec-fetch-site");
    const bool own = site.empty() || site == "none" || site == "same-origin";
    return own && (!head.fields.contains("origin") || head.field("origin") == own_origin(head));
}

// A link to the page, from wherever; what it loads then is its own.
bool leads_to_page(const Head& head) {
    const auto path = std::string_view(head.target).substr(0, head.target.find('?'));
    return (head.method == "GET" || head.method == "HEAD") && path == kPage && !head.fields.contains("origin") &&
           head.field("sec-fetch-mode") == "navigate" && head.field("sec-fetch-dest") == "document";
}

Response with_headers(Response response) {
    response.headers = {{"Cache-Control", "no-cache"},
                        {"Content-Security-Policy", kPolicy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"},
                        {"Cross-Origin-Embedder-Policy", "require-corp"},
                        {"Cross-Origin-Resource-Policy", "same-origin"},
                        {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
                        {"X-Frame-Options", "DENY"},
                        {"Vary", "Accept-Encoding"}};
    return response;
}

// The addresses that people type for it. A browser keeps what stands behind the #, a pairing code, over this (RFC 9110, 10.2.2).
bool means_page(const Head& head, std::string_view path) {
    return path == "/app/" || (path == "/" && head.field("accept").find("text/html") != std::string_view::npos);
}

Response to_page() {
    auto response = with_headers({});
    response.status = 308;
    response.headers.emplace_back("Location", kPage);
    return response;
}

std::string text_of(std::span<const unsigned char> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What the worker decides about is the whole of this origin (Service Workers, section 3.4.3).
Response of_file(const Head& head, const page::File& file) {
    const bool packed = head.lists("accept-encoding", "gzip");
    const auto tag = '"' + std::string(file.digest) + (packed ? "-gzip\"" : "\"");
    auto response = with_headers({});
    response.headers.emplace_back("ETag", tag);
    if (file.path == "/app/worker.js") response.headers.emplace_back("Service-Worker-Allowed", "/");
    if (head.lists("if-none-match", tag)) {
        response.status = 304;
        return response;
    }
    response.content_type = file.type;
    response.body = text_of(packed ? file.packed : file.plain);
    if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
    return response;
}

} // namespace

Status check_origin(const Head& head, bool tls) {
    if (tls && (is_own(head) || leads_to_page(head))) return {};
    return refuse_pages(head);
}

std::optional<Response> page_for(const Head& head, const Target& target, const std::string& fingerprint) {
    if (!is_asked_for(head)) return std::nullopt;
    if (means_page(head, target.path)) return to_page();
    if (!is_of_page(target.path)) return std::nullopt;
    if (target.path == "/app/certificate") {
        auto response = with_headers({});
        response.content_type = "text/plain; charset=utf-8";
        response.body = fingerprint + "\n";
        return response;
    }
    const auto* file = page::find(target.path);
    if (file == nullptr) return std::nullopt;
    return of_file(head, *file);
}

std::optional<Response> page_in_the_clear(const Head& head, const Target& target) {
    if (!is_asked_for(head) || (!is_of_page(target.path) && !means_page(head, target.path))) return std::nullopt;
    return problem({Code::not_found,
                    "owhaled's page needs TLS, and this came in the clear",
                    "Set tls = on in owhaled.conf, restart owhaled, and open https://HOST:PORT/app.",
                    0,
                    {}});
}

} // namespace owhale::transport
