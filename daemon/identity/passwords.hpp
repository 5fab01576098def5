// What a new password has to be (NIST SP 800-63B, 5.1.1.2): long enough, not among the most common, not the account's
// name; nothing about which characters. And passwords that owhaled makes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::identity {

inline constexpr std::size_t kShortest = 8, kLongest = 128; // characters

// password_weak with the reason.
Status check_new_password(std::string_view password, std::string_view account);
// What may be tried as one at all: 1 to 128 characters of UTF-8 without NUL. Fails with invalid_value.
Status check_tried_password(std::string_view password);

// For one use: 100 random bits in groups that can be read aloud.
std::string make_password();

// daemon/identity/common_passwords.txt: lower case, sorted.
std::span<const std::string_view> common_passwords();

} // namespace owhale::identity
