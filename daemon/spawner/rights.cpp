#include "spawner/rights.hpp"

#include <unistd.h>

#include "sandbox/plan.hpp"
#include "spawner/accounts.hpp"

namespace owhale::spawner {
namespace {

// A TCP client's account: a uid that nobody else has, without groups. Rootless there is none to give, and our own is
// somebody's.
Result<Rights> rights_of_account(std::uint32_t account, const Options& options) {
    if (account == 0 || account > wire::kAccountsMax) return fail_errno("user", EPERM);
    if (options.rootless) return fail_errno("user", EOPNOTSUPP);
    const auto uid = options.reserved_uid + account;
    if (find_account(uid)) return fail_errno("user", EEXIST);
    return Rights{{uid, wire::kAccountsGid, {}, 0}, uid, wire::kAccountsGid};
}

// A run asks: as what it is itself, and only if it was given a listener to ask by (its cgroup is made for that).
Result<Rights> rights_of_run(const Question& question, const Connection& connection) {
    if (question.account != 0 || !question.user.empty() || !connection.may_run) return fail_errno("user", EPERM);
    return connection.rights;
}

Result<Rights> rights_of_local(const Question& question, const Connection& connection, const Options& options) {
    const auto& identity = connection.rights.identity;
    if (question.account != 0 || (options.rootless && identity.uid != ::getuid())) return fail_errno("user", EPERM);
    if (question.user.empty()) return connection.rights;
    if (identity.uid != 0) return fail_errno("user", EPERM);
    const auto account = find_account(question.user);
    if (!account) return fail_errno("user", ENOENT);
    return rights_of(make_identity(account->uid, account->gid, groups_of(account->name)), options);
}

Result<Rights> choose(const Question& question, const Connection& connection, const Options& options) {
    if (connection.run != 0) return rights_of_run(question, connection);
    if (connection.door != Door::tcp) return rights_of_local(question, connection, options);
    if (!question.user.empty()) return fail_errno("user", EPERM);
    return rights_of_account(question.account, options);
}

// Of the files that a resolve hands to the broker, a run's may be git's settings, which decide what its cage shows, and a
// project's rules, which its own runs are held to.
void drop_reads(Question& question) {
    const auto may_be = [](const Probe& probe) {
        if (probe.base == wire::kBaseHome) return probe.path == ".gitconfig" || probe.path == ".config/git/config";
        if (probe.base == wire::kBaseWorkspace) return probe.path == ".owhaled.toml";
        return probe.base == wire::kBaseGit && (probe.path == "gitdir" || probe.path == "config");
    };
    for (auto& probe : question.probes)
        if (!may_be(probe)) probe.flags &= ~static_cast<std::uint32_t>(wire::kProbeRead);
}

} // namespace

Rights rights_of(Identity identity, const Options& options) {
    const bool root = identity.uid == 0;
    const auto uid = root ? options.reserved_uid : identity.uid;
    const auto gid = root || identity.gid == 0 ? options.reserved_uid : identity.gid;
    return {std::move(identity), uid, gid};
}

Status set_rights(Question& question, const Connections& connections, const Options& options) {
    const auto* connection = connections.find(question.connection);
    if (connection == nullptr) return fail_errno("connection", ENOTCONN);
    auto rights = TRY(choose(question, *connection, options));
    question.parent = connection->run;
    if (question.parent != 0) drop_reads(question);
    question.identity = std::move(rights.identity);
    question.run_uid = rights.run_uid;
    question.run_gid = rights.run_gid;
    question.drop_groups = !options.rootless;
    const bool reserved = question.account != 0;
    if (reserved) question.own_folder = options.accounts_dir;
    const auto account = find_account(question.identity.uid);
    if (account) question.home = account->home;
    if (reserved) question.home.clear(); // what it calls its home could be somebody's here
    question.user = account ? account->name : "uid" + std::to_string(question.identity.uid);
    return {};
}

} // namespace owhale::spawner
