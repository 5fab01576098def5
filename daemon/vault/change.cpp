#include "vault/change.hpp"

#include <sodium.h>

#include "base/clock.hpp"
#include "vault/rules.hpp"
#include "vault/shape.hpp"

namespace owhale::vault {
namespace {

constexpr std::uint64_t kLongestTtl = 100ull * 366 * 24 * 3600 * 1000; // ms

void wipe(std::optional<std::string>& text) {
    if (text) ::sodium_memzero(text->data(), text->size());
    text.reset();
}

Result<SecretBytes> decoded(const std::string& base64) {
    SecretBytes buffer(base64.size());
    std::size_t size = 0;
    if (::sodium_base642bin(buffer.data(), buffer.size(), base64.data(), base64.size(), nullptr, &size, nullptr,
                            sodium_base64_VARIANT_ORIGINAL) != 0)
        return fail(Code::invalid_value, "value_base64 is not base64", "the standard alphabet, padded");
    return SecretBytes(buffer.text().substr(0, size));
}

} // namespace

Result<std::optional<SecretBytes>> take_value(std::optional<std::string>& text, std::optional<std::string>& base64) {
    if (text && base64) return fail(Code::invalid_value, "value and value_base64 are both given", "give one of them");
    if (!text && !base64) return std::nullopt;
    auto value = text ? Result<SecretBytes>(SecretBytes(*text)) : decoded(*base64);
    wipe(text);
    wipe(base64);
    if (!value) return std::unexpected(value.error());
    if (value->empty()) return fail(Code::invalid_value, "the value is empty");
    if (value->size() > kMostValue) return fail(Code::invalid_value, "a value is 64 KiB at most");
    return std::move(*value);
}

Result<Meta> with_request(const Meta* before, const std::string& owner, std::int64_t account, const std::string& name,
                          const api::SecretRequest& request, const SharedHosts& shared) {
    Meta meta;
    auto& secret = meta.secret;
    if (before != nullptr) {
        meta = *before;
    } else {
        secret.name = name;
        secret.owner = owner;
        secret.version = 0;
        secret.variable = variable_of(name);
        secret.header = "authorization";
        secret.prefix = "Bearer ";
        secret.created = rfc3339(wall_clock_us());
        meta.account = account;
    }
    if (request.variable) secret.variable = *request.variable;
    if (request.header) secret.header = *request.header;
    if (request.prefix) secret.prefix = *request.prefix;
    if (request.endpoint_variable) secret.endpoint_variable = request.endpoint_variable;
    if (secret.endpoint_variable && secret.endpoint_variable->empty()) secret.endpoint_variable.reset();
    if (request.hosts) secret.hosts = *request.hosts;
    if (request.access) secret.access = *request.access;
    CHECK(check_use(secret, shared));
    CHECK(check_access(secret.access));
    if (request.ttl_ms) {
        if (*request.ttl_ms > kLongestTtl) return fail(Code::invalid_value, "ttl_ms is a hundred years at most");
        secret.expires.reset();
        if (*request.ttl_ms != 0)
            secret.expires = rfc3339(wall_clock_us() + static_cast<std::int64_t>(*request.ttl_ms) * 1000);
    }
    secret.updated = rfc3339(wall_clock_us());
    return meta;
}

Status check_value(const Meta& meta, const SecretBytes& value) {
    if (meta.secret.hosts.empty() || fits_header(value.text())) return {};
    return fail(Code::invalid_value,
                "no header carries this value: it has line ends, control characters, or blanks at its ends",
                "take them out; or store it without hosts, and use it with --secret NAME=env");
}

Status take_new_value(Meta& meta, const SecretBytes& value) {
    CHECK(check_value(meta, value));
    ++meta.secret.version;
    meta.secret.length = value.size();
    meta.secret.placeholder = placeholder_for(value.text());
    meta.secret.updated = rfc3339(wall_clock_us());
    return {};
}

} // namespace owhale::vault
