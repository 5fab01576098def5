// Which uids and groups hold which roles on the Unix socket: rows of owhaled.conf, of `setup`, of the mode.
//
// The first row that fits decides: owhaled's own word about root and itself, then rows by uid, then by group, then `*`;
// among equals owhaled.conf's before setup's before the mode's. A row may grant nothing, which shuts out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "identity/identity.hpp"
#include "store/statements.hpp"

namespace owhale::identity {

struct Subject {
    enum class Kind { uid, gid, anyone };
    Kind kind = Kind::anyone;
    std::uint32_t id = 0;
    bool operator==(const Subject&) const = default;
};
// "uid:1000", "gid:27", "*"; invalid_value for anything else.
Result<Subject> parse_subject(std::string_view text);
std::string text_of(const Subject& subject);

struct AccessRow {
    Subject subject;
    std::uint32_t roles = 0;
    std::string source; // "owhaled.conf", "setup", "mode"
    std::optional<std::int64_t> added;
    std::string by;
};

// The setting `unix-roles`: "alice=agent,auditor 1000=agent @sudo=admin *=agent", names looked up now: before the broker
// is confined. config_invalid names the word that is wrong.
Result<std::vector<AccessRow>> read_unix_roles(std::string_view text);

class Access {
public:
    struct Standing { // of this owhaled
        bool rootless = false, strict = false;
        uid_t uid = 0; // the broker's own
    };
    // `configured`: of read_unix_roles().
    static Result<Access> open(store::Database& database, std::vector<AccessRow> configured, Standing standing);

    // The row that decides about a Unix peer; nullptr when none fits.
    const AccessRow* find(uid_t uid, gid_t gid, const std::vector<std::uint32_t>& groups) const;
    std::vector<AccessRow> all() const; // in the order in which they are tried

    Status grant(const Subject& subject, std::uint32_t roles, const std::string& by, std::int64_t now);
    // A row about root, or about the broker itself, which nothing changes.
    bool is_own(const Subject& subject) const;
    // not_found when `setup` made no such row.
    Status has(const Subject& subject) const;
    Status remove(const Subject& subject);

private:
    explicit Access(store::Database& database) : statements_(database) {}
    Status load();
    void put(AccessRow row);

    store::Statements statements_;
    std::vector<AccessRow> own_, configured_, set_up_, mode_;
};

} // namespace owhale::identity
