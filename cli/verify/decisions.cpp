#include "cli/verify/decisions.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <sodium.h>
#include <span>

#include "cli/device_names.hpp"
#include "shared/pairing/http_signature.hpp"

namespace owhale::cli::verify {
namespace {

namespace json = boost::json;

constexpr std::string_view kDecided = "approval.decided", kAdded = "device.add", kRemoved = "device.remove";
constexpr std::array<std::string_view, 2> kEndAll = {"user.remove", "user.reset"}; // all devices of the account
constexpr std::size_t kMostKeys = 100'000;
constexpr std::int64_t kBesides =
    5'000'000; // microseconds in which an answer and the end of its device may pass each other
constexpr std::int64_t kEndFollows = 5'000'000; // and in which what the event of an account says is done

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

// Whether the body of a request that decides several decides this one so.
bool lists(const json::object& body, const json::object& data) {
    const auto* items = body.if_contains("items");
    if (text_in(body, "decision") != text_in(data, "decision") || items == nullptr || !items->is_array()) return false;
    return std::ranges::any_of(items->get_array(), [&](const json::value& item) {
        return item.is_object() && text_in(item.get_object(), "id") == text_in(data, "approval") &&
               text_in(item.get_object(), "digest") == text_in(data, "digest");
    });
}

// What was signed, held against what the event tells: who agrees signs a body, in which the plan's digest is. Without that body
// the signature would be good for any plan, or for any request.
const char* wrong_answer(const std::string& base, const std::string& text, const json::object& data) {
    const auto path = component(base, "@path"), decision = text_in(data, "decision");
    const bool alone = path == "/v1/approvals/" + text_in(data, "approval") + "/" + decision;
    if (component(base, "@method") != "POST") return "what was signed is no answer";
    if (!alone && path != "/v1/approvals/decide") return "what was signed is another answer, or one to another request";
    if (component(base, "content-digest") != pairing::digest_field(pairing::digest_of(text)))
        return text.empty() ? "its body is not kept, so that nothing shows what was signed"
                            : "its body is not the one that was signed";
    if (text.empty() && alone && decision == "deny") return nullptr;
    const auto body = object_of(text);
    if (!body) return "its body is not JSON";
    if (!alone) return lists(*body, data) ? nullptr : "what was signed does not decide this request so";
    if (decision == "approve" && text_in(*body, "digest") != text_in(data, "digest"))
        return "what was signed agrees to another plan";
    return nullptr;
}

} // namespace

void Decisions::learn(const Body& body) {
    const auto data = object_of(body.data);
    if (!data || keys_.size() >= kMostKeys) return;
    const auto device = text_in(*data, "device");
    const auto made = keys_.emplace(device, Key{text_in(*data, "key"), microseconds(text_in(*data, "expires"))}).second;
    if (made) of_account_.emplace(text_in(*data, "account"), device);
}

void Decisions::end(const Body& body) {
    const auto data = object_of(body.data);
    const auto known = data ? keys_.find(text_in(*data, "device")) : keys_.end();
    if (known != keys_.end()) end_at(known->second, microseconds(body.time));
}

// No device.remove tells of these. The event is written before they go.
void Decisions::end_all_of_account(const Body& body) {
    const auto data = object_of(body.data);
    const auto time = microseconds(body.time);
    if (!data || !time) return;
    const auto [first, last] = of_account_.equal_range(text_in(*data, "account"));
    for (auto at = first; at != last; ++at) end_at(keys_.at(at->second), *time + kEndFollows);
    of_account_.erase(first, last);
}

void Decisions::end_at(Key& key, std::optional<std::int64_t> time) {
    if (time) key.until = std::min(key.until.value_or(*time), *time); // what had ended lives no longer
}

std::optional<std::string> Decisions::take(const Body& body, bool whole) {
    if (body.event == kAdded) learn(body);
    if (body.event == kRemoved) end(body);
    if (std::ranges::find(kEndAll, body.event) != kEndAll.end()) end_all_of_account(body);
    if (body.event != kDecided || !is_device(body.principal)) return {};
    return check(body, std::string(body.principal.substr(kDevicePrincipal.size())), whole);
}

std::optional<std::string> Decisions::check(const Body& body, const std::string& device, bool whole) {
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
    if (known == keys_.end() && whole && keys_.size() < kMostKeys)
        return "no event tells that its device was ever paired";
    if (known != keys_.end()) {
        const auto& [paired, until] = known->second;
        if (paired != key) return "it was signed with another key than the device was paired with";
        if (until && microseconds(body.time).value_or(0) > *until + kBesides)
            return "its device had been removed before, or had expired";
    }
    if (const auto* wrong = wrong_answer(base, text, *data)) return wrong;
    ++good_;
    if (known == keys_.end()) ++strangers_;
    return {};
}

} // namespace owhale::cli::verify
