#include "cli/access.hpp"

#include <algorithm>
#include <charconv>
#include <grp.h>
#include <pwd.h>

#include "cli/accounts.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::unexpected<Error> no_such(const std::string& what, const std::string& name) {
    return fail(Code::invalid_value, "this machine has no " + what + " '" + name + "'",
                "getent passwd and getent group list them; a number does as well");
}

Result<std::string> subject_of(const std::string& who, bool here) {
    const bool group = who.starts_with('@');
    const auto name = group ? who.substr(1) : who;
    const std::string kind = group ? "gid:" : "uid:";
    if (name == "*" && !group) return std::string("*");
    if (is_number(name)) return kind + name;
    if (!here)
        return fail(Code::invalid_value, "'" + who + "' may be another one on the machine of that owhaled",
                    "give the number: id -u " + name + " there prints it");
    if (group) {
        const auto* found = ::getgrnam(name.c_str());
        return found != nullptr ? kind + std::to_string(found->gr_gid) : Result<std::string>(no_such("group", name));
    }
    const auto* found = ::getpwnam(name.c_str());
    return found != nullptr ? kind + std::to_string(found->pw_uid) : Result<std::string>(no_such("user", name));
}

// "uid:1000 (alice)"
std::string with_name(const std::string& subject, bool here) {
    unsigned number = 0;
    const auto digits = std::string_view(subject).substr(std::min<std::size_t>(subject.size(), 4));
    if (!here || !is_number(digits) ||
        std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{})
        return subject == "*" ? "* (everybody else)" : subject;
    const char* name = nullptr;
    if (subject.starts_with("uid:")) {
        if (const auto* found = ::getpwuid(number)) name = found->pw_name;
    } else if (const auto* found = ::getgrgid(number)) {
        name = found->gr_name;
    }
    return name != nullptr ? subject + " (" + name + ")" : subject;
}

Status put(Context& context, const Admission& admission, std::vector<std::string> roles, std::string act) {
    const api::RolesRequest request{std::move(roles)};
    TRY(context.ask({.verb = "access.grant", .id = admission.subject, .body = write(request), .act = std::move(act)}));
    return {};
}

} // namespace

Result<Admission> read_admission(const std::string& text, bool here) {
    const auto colon = text.find(':');
    Admission admission;
    admission.spoken = text.substr(0, colon);
    admission.subject = TRY(subject_of(admission.spoken, here));
    if (colon != std::string::npos) admission.roles = split({text.substr(colon + 1)});
    for (const auto& role : admission.roles)
        if (std::ranges::find(kRoles, role) == kRoles.end())
            return fail(Code::invalid_value, "there is no role '" + role + "'", "the roles are " + joined(kRoles));
    if (admission.roles.empty()) admission.roles = {"agent"};
    return admission;
}

Status admit(Context& context, const Admission& admission) {
    return put(context, admission, admission.roles,
               "give " + admission.spoken + " the roles " + joined(admission.roles) + " on the socket");
}

Status refuse(Context& context, const Admission& admission) {
    return put(context, admission, {}, "close the socket to " + admission.spoken);
}

Status forget(Context& context, const Admission& admission) {
    TRY(context.ask(
        {.verb = "access.remove", .id = admission.subject, .act = "take out the row of " + admission.spoken}));
    return {};
}

Result<std::string> access_table(Context& context, const Look& look) {
    const auto body = TRY(context.ask({.verb = "access.list"}));
    if (look.format != Format::table) return json_text(look, body, "access");
    const bool here = !context.client().peer().host;
    Table table({"WHO", "ROLES", "FROM", "SINCE", "BY"}, 1);
    std::vector<std::string> seen;
    for (const auto& row : TRY(read_access(body)).access) {
        const bool overridden = std::ranges::find(seen, row.subject) != seen.end();
        seen.push_back(row.subject);
        table.row({{with_name(row.subject, here)},
                   {row.roles.empty() ? "none" : joined(row.roles), row.roles.empty() ? Tone::warn : Tone::plain},
                   {overridden ? row.source + " (overridden above)" : row.source, overridden ? Tone::dim : Tone::plain},
                   {when(row.added), Tone::dim},
                   {row.by.value_or("")}});
    }
    return table.text(look);
}

} // namespace owhale::cli
