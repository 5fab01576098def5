#include "transport/target.hpp"

#include <algorithm>

#include "shared/codec.hpp"

namespace owhale::transport {
namespace {

std::unexpected<Error> bad(std::string message) {
    return fail(Code::bad_request, std::move(message));
}

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> decode_percent(std::string_view text, bool plus_is_space) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' && plus_is_space ? ' ' : text[i];
            continue;
        }
        const bool room = text.size() - i > 2;
        const int high = room ? hex(text[i + 1]) : -1;
        const int low = room ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0) return bad("the URL holds a % that two hexadecimal digits do not follow");
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    const bool control = std::ranges::any_of(out, [](unsigned char c) { return c < ' ' || c == 0x7f; });
    if (control || !codec::is_utf8(out)) return bad("the URL holds an encoded control character or invalid UTF-8");
    return out;
}

Status read_query(std::string_view text, Target& target) {
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const auto pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto key = TRY(decode_percent(pair.substr(0, equals), true));
        auto value = TRY(decode_percent(pair.substr(std::min(equals + 1, pair.size())), true));
        const auto [at, fresh] = target.query.emplace(std::move(key), std::move(value));
        if (!fresh) return bad("the query parameter \"" + at->first + "\" stands twice");
    }
    return {};
}

// Leaves the origin form of an absolute one; its authority goes to where it is judged.
Result<std::string_view> origin_form(std::string_view text, Target& target) {
    if (text.starts_with('/')) return text;
    const auto scheme = text.starts_with("http://") ? 7u : text.starts_with("https://") ? 8u : 0u;
    if (scheme == 0) return bad("the request target is neither a path nor an http:// or https:// URL");
    text.remove_prefix(scheme);
    const auto slash = text.find_first_of("/?");
    target.authority = text.substr(0, slash);
    if (target.authority.empty()) return bad("the URL has no host");
    if (slash == std::string_view::npos || text[slash] == '?') return bad("the URL has no path");
    return text.substr(slash);
}

} // namespace

Result<Target> parse_target(std::string_view text) {
    Target target;
    auto rest = TRY(origin_form(text, target));
    if (rest.find('#') != std::string_view::npos) return bad("the request target holds a fragment");
    const auto question = std::min(rest.find('?'), rest.size());
    CHECK(read_query(rest.substr(std::min(question + 1, rest.size())), target));
    rest = rest.substr(0, question);
    while (!rest.empty()) { // begins with a slash
        const auto end = std::min(rest.find('/', 1), rest.size());
        target.segments.push_back(TRY(decode_percent(rest.substr(1, end - 1), false)));
        target.path += "/" + target.segments.back();
        rest.remove_prefix(end);
    }
    return target;
}

} // namespace owhale::transport
