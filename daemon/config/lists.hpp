// Settings that are lists of words, and what each word may be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.hpp"

namespace owhale::config {

// The words of a list, parted by spaces; by commas too when `commas`.
std::vector<std::string> split_words(std::string_view text, bool commas = true);

// `hosts`: names and addresses that a client may put into its Host header, in lower case, without a port.
// At most 64. Fails with invalid_value, naming the word.
Result<std::vector<std::string>> parse_hosts(std::string_view text);
// `trusted-proxies`: addresses alone; at most 64.
Result<std::vector<Address>> parse_proxies(std::string_view text);
// `unix-roles`, as far as its form goes: WHO=ROLE[,ROLE…] a word. What the names mean is identity's to say.
Status check_unix_roles(std::string_view text);

} // namespace owhale::config
