// Users and groups as /etc/passwd and /etc/group say, read without NSS: what parses for root links libc alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::spawner {

struct Account {
    std::string name;
    std::uint32_t uid = 0, gid = 0;
    std::string home;
};

std::optional<Account> find_account(std::uint32_t uid);
std::optional<Account> find_account(std::string_view name);
// The groups that /etc/group gives a user, its primary one not among them.
std::vector<std::uint32_t> groups_of(std::string_view user);
// Groups that are as good as root, or that open what no agent needs: never passed on.
bool root_like(std::uint32_t gid);

} // namespace owhale::spawner
