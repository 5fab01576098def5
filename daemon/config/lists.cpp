#include "config/lists.hpp"

#include <algorithm>

namespace owhale::config {
namespace {

constexpr std::size_t kMostWords = 64;
constexpr std::size_t kLongestName = 253; // RFC 1035 section 2.3.4, as text

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, is_name_char) &&
           !text.starts_with('.') && !text.ends_with('.') && !text.starts_with('-');
}

Result<std::vector<std::string>> few_words(std::string_view text) {
    auto words = split_words(text);
    if (words.size() > kMostWords)
        return fail(Code::invalid_value, "there are more than " + std::to_string(kMostWords) + " of them");
    return words;
}

} // namespace

std::vector<std::string> split_words(std::string_view text, bool commas) {
    const auto* parting = commas ? " \t," : " \t";
    std::vector<std::string> words;
    for (auto at = text.find_first_not_of(parting); at != text.npos; at = text.find_first_not_of(parting, at)) {
        const auto end = std::min(text.find_first_of(parting, at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

Result<std::vector<std::string>> parse_hosts(std::string_view text) {
    auto words = TRY(few_words(text));
    for (auto& word : words) {
        std::ranges::transform(word, word.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        if (!is_name(word) && !parse_address(word))
            return fail(Code::invalid_value, "\"" + word + "\" is neither a host's name nor an address",
                        "write names as owhaled.example.org, without a port; * is none");
    }
    return words;
}

Result<std::vector<Address>> parse_proxies(std::string_view text) {
    std::vector<Address> addresses;
    for (const auto& word : TRY(few_words(text))) addresses.push_back(TRY(parse_address(word)));
    return addresses;
}

Status check_unix_roles(std::string_view text) {
    for (const auto& word : split_words(text, false)) {
        const auto equals = word.find('=');
        if (equals != std::string::npos && equals > 0 && equals + 1 < word.size() &&
            word.find('=', equals + 1) == word.npos)
            continue;
        return fail(Code::invalid_value, "\"" + word + "\" is not WHO=ROLE[,ROLE…]",
                    "write for example alice=agent,auditor @sudo=admin *=agent");
    }
    return {};
}

} // namespace owhale::config
