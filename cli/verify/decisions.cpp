#include "cli/verify/decisions.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <sodium.h>
#include <span>

#include "shared/pairing/http_signature.hpp"

namespace owhale::cli::verify {
namespace {

namespace json = boost::json;

constexpr std::string_view kDevice = "device:", kDecided = "approval.decided", kAdded = "device.add";
constexpr std::size_t kMostKeys = 100'000;

std::optional<json::object> object_of(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    return !error && value.is_object() ? std::optional(std::move(value.get_object())) : std::nullopt;
}

std::string text_in(const json::object& data, std::string_view name) {
    const auto* value = data.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

template <std::size_t N> std::optional<std::array<std::uint8_t, N>> bytes_of(const std::string& text) {
    std::array<std::uint8_t, N> out{};
    std::size_t size = 0;
    const bool good = ::sodium_base642bin(out.data(), N, text.data(), text.size(), nullptr, &size, nullptr,
                                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
    return good && size == N ? std::optional(out) : std::nullopt;
}

// The value of a line of a signature base: `"NAME": VALUE`.
std::string component(std::string_view base, std::string_view name) {
    const auto begin = "\"" + std::string(name) + "\": ";
    while (!base.empty()) {
        const auto end = std::min(base.find('\n'), base.size());
        const auto line = base.substr(0, end);
        if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
        base.remove_prefix(std::min(end + 1, base.size()));
    }
    return {};
}

// Whether the body of a request that decides several agrees to this one so.
bool lists(const json::object& body, const json::object& data) {
    const auto* items = body.if_contains("items");
    if (text_in(body, "decision") != text_in(data, "decision") || items == nullptr || !items->is_array()) return false;
    return std::ranges::any_of(items->get_array(), [&](const json::value& item) {
        return item.is_object() && text_in(item.get_object(), "id") == text_in(data, "approval") &&
               text_in(item.get_object(), "digest") == text_in(data, "digest");
    });
}

// What the signed path says, held against what the event tells.
const char* wrong_path(const std::string& base, const json::object& data, const std::optional<json::object>& body) {
    const auto path = component(base, "@path");
    const auto one = "/v1/approvals/" + text_in(data, "approval") + "/" + text_in(data, "decision");
    if (component(base, "@method") != "POST") return "what was signed is no answer";
    if (path == one) return nullptr;
    if (path != "/v1/approvals/decide") return "what was signed is another answer, or one to another request";
    if (body && !lists(*body, data)) return "what was signed does not decide this request so";
    return nullptr;
}

const char* wrong_body(const std::string& base, const std::string& text, const json::object& data) {
    if (component(base, "content-digest") != pairing::digest_field(pairing::digest_of(text)))
        return "its body is not the one that was signed";
    const auto body = object_of(text);
    if (!body) return "its body is not JSON";
    const auto digest = text_in(*body, "digest");
    const bool one = body->if_contains("items") == nullptr;
    if (one && text_in(data, "decision") == "approve" && digest != text_in(data, "digest"))
        return "what was signed agrees to another plan";
    return nullptr;
}

} // namespace

void Decisions::learn(const Body& body) {
    const auto data = object_of(body.data);
    if (data && keys_.size() < kMostKeys) keys_.emplace(text_in(*data, "device"), text_in(*data, "key"));
}

std::optional<std::string> Decisions::take(const Body& body) {
    if (body.event == kAdded) learn(body);
    if (body.event != kDecided || !body.principal.starts_with(kDevice)) return {};
    return check(body, std::string(body.principal.substr(kDevice.size())));
}

std::optional<std::string> Decisions::check(const Body& body, const std::string& device) {
    const auto data = object_of(body.data);
    if (!data) return "the answer cannot be read";
    const auto base = text_in(*data, "signed"), key = text_in(*data, "key"), text = text_in(*data, "body");
    pairing::Signature signature;
    const auto bytes = bytes_of<64>(text_in(*data, "signature"));
    const auto public_key = bytes_of<32>(key);
    if (!bytes || !public_key) return "a device's answer without its signature";
    signature.bytes = *bytes;
    if (!pairing::is_signed_by(*public_key, base, signature)) return "the device's signature is wrong";
    if (component(base, "@signature-params").find(";keyid=\"" + device + "\"") == std::string::npos)
        return "it was signed by another device";
    const auto known = keys_.find(device);
    if (known != keys_.end() && known->second != key)
        return "it was signed with another key than the device was paired with";
    if (const auto* wrong = text.empty() ? nullptr : wrong_body(base, text, *data)) return wrong;
    if (const auto* wrong = wrong_path(base, *data, text.empty() ? std::nullopt : object_of(text))) return wrong;
    ++good_;
    if (known == keys_.end()) ++strangers_;
    return {};
}

} // namespace owhale::cli::verify
