#include "transport/permit.hpp"

#include <algorithm>
#include <array>

#include "identity/powers.hpp"

namespace owhale::transport {
namespace {

using identity::Kind;
using identity::Principal;

constexpr const char* kLogIn = "Log in: owhalectl login, or POST /v1/login.";

// All that one may do with a password that somebody else chose.
constexpr std::array<std::string_view, 6> kBeforeChange = {"password.change", "logout",  "whoami",
                                                           "health",          "openapi", "jwks"};

// All that an agent's token is good for while its account is frozen.
constexpr std::array<std::string_view, 4> kWhenFrozen = {"whoami", "health", "openapi", "jwks"};

std::uint32_t bit(identity::Permission permission) {
    return static_cast<std::uint32_t>(permission);
}

// "admin", "admin or agent": the roles that hold a permission.
std::string roles_with(identity::Permission permission) {
    std::string names;
    for (const auto& row : identity::roles())
        if (((row.own | row.any) & bit(permission)) != 0) (names += names.empty() ? "" : " or ") += row.name;
    return names;
}

std::string roles_of(const Principal& who) {
    std::string names;
    for (const auto& name : identity::role_names(who.role_set)) (names += names.empty() ? "" : ", ") += name;
    return names.empty() ? "none" : names;
}

bool is_of_accounts(identity::Permission permission) {
    using identity::Permission;
    return permission == Permission::account || permission == Permission::sessions ||
           permission == Permission::tokens || permission == Permission::devices;
}

std::string listed(const std::vector<std::string>& names, std::string_view between, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i)
        (out += i == 0 ? "" : i + 1 == names.size() ? last : between) += names[i];
    return out;
}

// Of the powers, those that cover a permission.
std::uint32_t powers_with(identity::Permission permission) {
    std::uint32_t set = 0;
    for (const auto& row : identity::powers())
        if ((row.permissions & bit(permission)) != 0) set |= row.power;
    return set;
}

// A device can look nothing up about itself beyond whoami: so what would help stands here.
std::unexpected<Error> not_of_device(const Match& match, const Principal& who) {
    const std::string verb(match.verb->name), device = "the device " + (who.device.empty() ? who.name : who.device);
    const auto covering = powers_with(match.permission);
    if (covering == 0 && match.permission != identity::Permission::system_read)
        return fail(Code::forbidden, "no device may do " + verb,
                    "log in there: owhalectl --host https://HOST:PORT login");
    const auto left = identity::within(who, who.powers);
    const auto now = identity::power_names(left);
    const auto may = device + " may " + (now.empty() ? "do nothing now" : listed(now, ", ", " and ")) + ", not " + verb;
    if (covering == 0 || (covering & who.powers) != 0)
        return fail(Code::forbidden, may + ": " + who.user + ", whose it is, may not either now",
                    "an admin can give its owner the role: " + roles_with(match.permission));
    const auto first = covering & (~covering + 1); // one of them is enough
    return fail(Code::forbidden, may + " (power: " + listed(identity::power_names(covering), ", ", " or ") + ")",
                "powers are never added: pair it again with --can " +
                    listed(identity::power_names(left | first), ",", ","));
}

// In the words of who asks: what they are, and who may do it instead.
std::unexpected<Error> not_permitted(const Match& match, const Principal& who) {
    const std::string verb(match.verb->name), permission = " (" + std::string(match.verb->permission) + ")";
    if (who.kind == Kind::anonymous) return fail(Code::unauthenticated, verb + " needs a token", kLogIn);
    if (who.kind == Kind::run)
        return fail(Code::forbidden, "a run may not " + verb + permission, "do it outside of the cage");
    if (who.for_agent)
        return fail(Code::forbidden, "a token for an agent may not " + verb + permission,
                    "a person has to do this, logged in: owhalectl login");
    if (who.kind == Kind::device) return not_of_device(match, who);
    if (who.kind == Kind::unix_uid && (who.own | who.any) == 0)
        return fail(Code::forbidden, who.name + " has no role on this socket, and may not " + verb + permission,
                    "root can give it one: sudo owhalectl setup --allow NAME; or log in: owhalectl login");
    if (who.kind == Kind::unix_uid && is_of_accounts(match.permission))
        return fail(Code::unauthenticated,
                    verb + " is for accounts, and " + who.name + " is a user id without one" + permission, kLogIn);
    return fail(Code::forbidden,
                verb + " needs the role " + roles_with(match.permission) + permission + "; " + who.name + " has " +
                    roles_of(who),
                "log in as an account that has it: owhalectl login; or ask whoever runs owhaled");
}

} // namespace

bool decides(const Verb& verb) {
    const auto about = verb.permission;
    return (verb.traits & (kStepUp | kNarrows)) != 0 ||
           (verb.method != "GET" &&
            (about == "users" || about == "sessions" || about == "tokens" || about == "devices"));
}

Status permit(const Match& match, const Principal& who) {
    const std::string verb(match.verb->name);
    if (who.must_change && std::ranges::find(kBeforeChange, verb) == kBeforeChange.end())
        return fail(Code::password_change_required, who.name + " has to choose a password of its own first",
                    "owhalectl passwd, or POST /v1/password; until then the token is good for nothing else");
    if (who.frozen && std::ranges::find(kWhenFrozen, verb) == kWhenFrozen.end())
        return fail(Code::frozen, who.name + " is frozen, and its tokens for agents with it",
                    "A person lets it go on: owhalectl freeze ls says who froze it, and why.");
    if (!who.may(match.permission, true)) return not_permitted(match, who);
    if (!match.route->handler && !match.route->upgrade && !match.route->stream)
        return fail(Code::unsupported, verb + " is not served here");
    return {};
}

bool can_prove(const Principal& who) {
    return who.kind == Kind::user && !who.for_agent;
}

} // namespace owhale::transport
