// Named lists of hosts: the shipped ones, which say where this machine itself is told to look for packages, and the
// administrator's. No list names a registry of its own accord.
//
//   description = "…"
//   hosts = ["mirror.example.com:443"]                     the administrator's lists alone
//   [[from]] file = "/etc/npmrc", keys = ["registry"]      URLs in lines of these keys, of a file that root alone can write
//   [[from]] variable = "NPM_CONFIG_REGISTRY"              of owhaled's own environment
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api_network.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct HostList {
    std::string name, description;
    std::vector<api::HostRule> hosts; // `from` is "list NAME"
    std::vector<std::string> looked;  // files and variables that were looked at
};
using HostLists = std::map<std::string, HostList, std::less<>>;

// What is in one file of lists, with what this machine says. profile_invalid is config_invalid here: "FILE:LINE:COLUMN: what".
Result<HostList> read_host_list(std::string_view name, std::string_view file, std::string_view text);
// Hosts of URLs in lines of these keys: `key = URL`, `key URL`, `"key": "URL"`, `<key>URL`, `@scope:key=URL`. Pure.
std::vector<api::HostRule> hosts_in(std::string_view text, const std::vector<std::string>& keys);
// All lists of a folder; a folder that is not there has none. Lists of one name add up.
Result<HostLists> read_host_folder(const std::string& folder);
void add_lists(HostLists& to, const HostLists& more);

} // namespace owhale::sandbox
