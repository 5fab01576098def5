#include "audit/masked.hpp"

#include <boost/json/value.hpp>

#include "redact/redactor.hpp"

namespace owhale::audit {
namespace {

constexpr int kMaxDepth = 32; // events are made here, and are shallow

// A device's signature and its key (base64url of 64 and 32 bytes), made here of bytes that were checked, and what it signed,
// whose nonce is its own choice: one can look like a secret, and masked it would prove nothing.
bool is_proof(std::string_view name, const boost::json::value& value) {
    const auto* text = value.if_string();
    if (text == nullptr) return false;
    if (name == "signed") return text->starts_with("\"@method\": POST\n\"@path\": /v1/approvals/");
    if (!((name == "signature" && text->size() == 86) || (name == "key" && text->size() == 43))) return false;
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return std::string_view(*text).find_first_not_of(kDigits) == std::string_view::npos;
}

void mask(boost::json::value& value, int depth) {
    if (depth > kMaxDepth) return;
    if (auto* text = value.if_string()) {
        const auto masked = redact::redacted(*text);
        if (masked != std::string_view(*text)) *text = masked;
    } else if (auto* list = value.if_array()) {
        for (auto& item : *list) mask(item, depth + 1);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object)
            if (member.key() != "receipt") mask(member.value(), depth + 1);
    }
}

} // namespace

void mask_secrets(boost::json::object& data) {
    for (auto& member : data)
        if (member.key() != "receipt" && !is_proof(member.key(), member.value())) mask(member.value(), 0);
}

} // namespace owhale::audit
