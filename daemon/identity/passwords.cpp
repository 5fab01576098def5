#include "identity/passwords.hpp"

#include <algorithm>
#include <optional>
#include <sodium.h>

#include "shared/codec.hpp"

namespace owhale::identity {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

// Empty for what is not UTF-8 or holds a NUL, at which C libraries would stop reading.
std::optional<std::size_t> count_characters(std::string_view text) {
    if (!codec::is_utf8(text) || text.find('\0') != std::string_view::npos) return std::nullopt;
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::unexpected<Error> weak(std::string why) {
    return fail(Code::password_weak, std::move(why),
                "8 to 128 characters of any kind, spaces too: some unrelated words make a good one");
}

bool holds_account(const std::string& lowered, std::string_view account) {
    // A name of a letter or two is in nearly everything.
    constexpr std::size_t kTelling = 3;
    return lowered == account || (account.size() >= kTelling && lowered.find(account) != std::string::npos);
}

} // namespace

Status check_tried_password(std::string_view password) {
    const auto count = count_characters(password);
    if (!count) return fail(Code::invalid_value, "the password is not UTF-8 without NUL", "send it as JSON text");
    if (*count == 0 || *count > kLongest)
        return fail(Code::invalid_value, "a password has 1 to 128 characters", "send the one that you log in with");
    return {};
}

Status check_new_password(std::string_view password, std::string_view account) {
    const auto count = count_characters(password);
    if (!count) return weak("the password is not UTF-8 without NUL");
    if (*count < kShortest) return weak("the password is shorter than 8 characters");
    if (*count > kLongest) return weak("the password is longer than 128 characters");
    auto lowered = lower(password);
    const bool own = holds_account(lowered, account);
    const bool common = std::ranges::binary_search(common_passwords(), std::string_view(lowered));
    ::sodium_memzero(lowered.data(), lowered.size());
    if (own) return weak("the password holds the account's name");
    if (common) return weak("the password is among the most common ones");
    return {};
}

std::string make_password() {
    // Crockford's base 32, which has no letters that look like digits.
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    constexpr std::size_t kGroups = 4, kInGroup = 5;
    std::string out;
    for (std::size_t i = 0; i < kGroups * kInGroup; ++i) {
        if (i != 0 && i % kInGroup == 0) out += '-';
        out += alphabet[::randombytes_uniform(static_cast<std::uint32_t>(alphabet.size()))];
    }
    return out;
}

} // namespace owhale::identity
