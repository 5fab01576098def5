// The setting `unix-roles`: names of users and groups to rows of access.
#include <charconv>
#include <grp.h>
#include <pwd.h>

#include "identity/access.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

std::unexpected<Error> wrong(std::string_view word, const std::string& why) {
    std::string shown;
    for (const char c : word.substr(0, 60)) shown += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
    return fail(Code::config_invalid, "unix-roles: \"" + shown + "\": " + why,
                "write USER=ROLE,… or @GROUP=ROLE,… or *=ROLE,…, with spaces between them");
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> out;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
        if (text.empty()) return out;
        const auto end = std::min(text.find_first_of(separators), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<Subject> subject_of(std::string_view word, std::string_view who) {
    if (who == "*") return Subject{};
    const bool group = who.starts_with('@');
    const std::string name(group ? who.substr(1) : who);
    if (is_number(name)) {
        auto subject = parse_subject((group ? "gid:" : "uid:") + name);
        if (!subject) return wrong(word, name + " is no id");
        return *subject;
    }
    if (group) {
        const auto* entry = ::getgrnam(name.c_str());
        if (entry == nullptr) return wrong(word, "there is no group " + name);
        return Subject{Subject::Kind::gid, entry->gr_gid};
    }
    const auto* entry = ::getpwnam(name.c_str());
    if (entry == nullptr) return wrong(word, "there is no user " + name);
    return Subject{Subject::Kind::uid, entry->pw_uid};
}

} // namespace

Result<std::vector<AccessRow>> read_unix_roles(std::string_view text) {
    std::vector<AccessRow> rows;
    for (const auto word : split(text, " \t")) {
        const auto equals = word.find('=');
        if (equals == std::string_view::npos || equals == 0) return wrong(word, "it is not SUBJECT=ROLES");
        const auto subject = TRY(subject_of(word, word.substr(0, equals)));
        std::vector<std::string> names;
        for (const auto name : split(word.substr(equals + 1), ",")) names.emplace_back(name);
        const auto roles = roles_of(names);
        if (!roles) return wrong(word, roles.error().message);
        for (const auto& row : rows)
            if (row.subject == subject) return wrong(word, text_of(subject) + " stands twice");
        rows.push_back({subject, *roles, "owhaled.conf", {}, ""});
    }
    return rows;
}

} // namespace owhale::identity
