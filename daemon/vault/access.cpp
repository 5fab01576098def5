#include "vault/access.hpp"

#include <algorithm>

namespace owhale::vault {
namespace {

using identity::Kind;
using identity::Principal;

bool lists(const std::optional<std::vector<std::string>>& list, const std::string& one) {
    return list && std::ranges::find(*list, one) != list->end();
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const auto& one : list) (out += out.empty() ? "" : ", ") += one;
    return out;
}

} // namespace

bool is_owner(const Principal& who, const Meta& meta) {
    if (who.kind == Kind::run || who.kind == Kind::anonymous || who.name != meta.secret.owner) return false;
    return who.kind != Kind::user || who.account == meta.account;
}

bool may_use(const Principal& who, const Meta& meta) {
    if (who.kind == Kind::run || who.kind == Kind::anonymous) return false;
    if (is_owner(who, meta)) return true;
    // A secret whose owner's account was made anew belongs to nobody.
    if (who.name == meta.secret.owner) return false;
    const auto& access = meta.secret.access;
    if (lists(access.principals, who.name)) return true;
    const auto roles = identity::role_names(who.role_set);
    return std::ranges::any_of(roles, [&](const std::string& role) { return lists(access.roles, role); });
}

Status check_standing(const Meta& meta, const std::string& profile, const std::string& now) {
    const auto& secret = meta.secret;
    if (secret.expires && *secret.expires <= now)
        return fail(Code::secret_denied, "the secret " + secret.name + " has expired at " + *secret.expires,
                    "its owner gives it a new time: owhalectl secrets set " + secret.name + " --ttl TIME");
    if (secret.access.profiles && !lists(secret.access.profiles, profile))
        return fail(Code::secret_denied,
                    "the secret " + secret.name + " is not for runs of the profile " +
                        (profile.empty() ? "(none)" : profile),
                    "it is for " + (secret.access.profiles->empty() ? "none" : joined(*secret.access.profiles)) +
                        "; its owner changes that with owhalectl secrets set --allow-profile");
    return {};
}

} // namespace owhale::vault
