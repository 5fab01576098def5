#include "verbs/reply.hpp"

#include <algorithm>
#include <charconv>

#include "shared/nearest.hpp"

namespace owhale::verbs {
namespace {

constexpr std::uint64_t kLongestWait = 3600; // seconds

std::optional<std::uint64_t> whole(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

Result<std::uint64_t> number_of(const transport::Request& request, const std::string& name, std::uint64_t fallback,
                                std::uint64_t most) {
    const auto found = request.query.find(name);
    if (found == request.query.end()) return fallback;
    const auto value = whole(found->second);
    if (!value || *value > most)
        return fail(Code::invalid_value, name + " must be a whole number up to " + std::to_string(most));
    return *value;
}

std::string text_of(const transport::Request& request, const std::string& name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
}

Status only(const transport::Request& request, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : request.query) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const auto near = nearest(name, std::span(known.begin(), known.size()));
        return fail(Code::unknown_field, "unknown query parameter `" + name.substr(0, 64) + "`",
                    near ? "did you mean `" + std::string(*near) + "`?" : "GET /openapi.json lists them");
    }
    return {};
}

std::optional<std::chrono::seconds> preferred_wait(const transport::Request& request) {
    const auto header = request.headers.find("prefer");
    if (header == request.headers.end()) return std::nullopt;
    const std::string_view text = header->second;
    const auto at = text.find("wait=");
    if (at == std::string_view::npos || (at != 0 && text[at - 1] != ' ' && text[at - 1] != ',')) return std::nullopt;
    const auto digits = text.substr(at + 5, text.find_first_of(", ;", at) - at - 5);
    const auto value = whole(digits);
    if (!value) return std::nullopt;
    return std::chrono::seconds(std::min(*value, kLongestWait));
}

bool any(const transport::Request& request, identity::Permission permission) {
    return request.who().may(permission, false);
}

} // namespace owhale::verbs
