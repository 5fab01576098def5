#include "vault/shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <sodium.h>

namespace owhale::vault {
namespace {

constexpr std::string_view kMark = "owhale-";
constexpr double kBits = 128;
constexpr std::size_t kLongest = 512; // what an environment and a header carry with ease

// Of the makers' own pages on the formats of their keys; a longer one before one that it begins with.
constexpr std::array<std::string_view, 30> kPrefixes = {
    "sk-ant-api03-", "sk-ant-",  "sk-proj-",    "sk-svcacct-", "sk-or-v1-", "sk-",   "sk_live_", "sk_test_",
    "rk_live_",      "pk_live_", "github_pat_", "ghp_",        "gho_",      "ghu_",  "ghs_",     "ghr_",
    "glpat-",        "xoxb-",    "xoxp-",       "xapp-",       "AIza",      "AKIA",  "ASIA",     "hf_",
    "gsk_",          "r8_",      "SG.",         "dop_v1_",     "key-",      "whsec_"};

constexpr std::string_view kHex = "0123456789abcdef", kDigits = "0123456789",
                           kLower = "abcdefghijklmnopqrstuvwxyz0123456789",
                           kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                           kAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string_view prefix_of(std::string_view value) {
    for (const auto prefix : kPrefixes)
        if (value.starts_with(prefix)) return prefix;
    return {};
}

// The narrowest that holds all letters of it; dashes and dots between them are no alphabet.
std::string_view alphabet_of(std::string_view rest) {
    for (const auto alphabet : {kDigits, kHex, kLower, kUpper})
        if (std::ranges::all_of(rest, [&](char c) {
                return alphabet.find(c) != std::string_view::npos || c == '-' || c == '_' || c == '.';
            }))
            return alphabet;
    return kAlnum;
}

} // namespace

std::string placeholder_for(std::string_view value) {
    std::string out(prefix_of(value));
    const auto alphabet = alphabet_of(value.substr(out.size()));
    out += kMark;
    const auto letters = static_cast<std::size_t>(std::ceil(kBits / std::log2(static_cast<double>(alphabet.size()))));
    const auto whole = std::max(out.size() + letters, std::min(value.size(), kLongest));
    while (out.size() < whole) out += alphabet[::randombytes_uniform(static_cast<std::uint32_t>(alphabet.size()))];
    return out;
}

} // namespace owhale::vault
