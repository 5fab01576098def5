#include "sandbox/rules.hpp"

#include <cerrno>
#include <cstdlib>

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::seconds kLoadTime{20};
constexpr std::size_t kMaxProjects = 64;

Error unusable(std::string path, int why) {
    Error error{Code::config_invalid, std::move(path), {}, 0, {}};
    const auto say = [&](std::string_view what, std::string next) {
        ((error.message += ": ") += what);
        error.next = std::move(next);
    };
    if (why == EPERM)
        say("is not root's (rootless: yours), or others can write it",
            "chown root: and chmod 644 it; rootless it has to be yours");
    else if (why == ELOOP)
        say("is a link, and links are not followed", "put the file itself there");
    else if (why == EFBIG)
        say("is larger than 256 KiB", "split it into several files");
    else if (why == E2BIG)
        say("holds more than 64 files, or more than 4 MiB", "put the rules into fewer files");
    else if (why == ENOTDIR)
        say("is no folder", "name a folder of *.toml files with policy-dir");
    else
        error.errnum = why;
    return error;
}

} // namespace

Error unusable_policy_folder(const std::string& folder, int why) {
    return unusable(folder, why);
}

Result<std::vector<policy::Source>> policy_sources(const wire::Blob& blob, const std::string& folder) {
    std::vector<policy::Source> sources;
    if (blob.size() != wire::kPolicyLists || blob[1].size() != blob[0].size() || blob[2].size() != blob[0].size())
        return fail(Code::spawner_unavailable, "the rule files came damaged");
    for (std::size_t i = 0; i < blob[0].size(); ++i) {
        const auto path = folder + "/" + blob[0][i];
        if (!blob[2][i].empty()) return std::unexpected(unusable(path, std::atoi(blob[2][i].c_str())));
        sources.push_back({path, blob[1][i], policy::Origin::system});
    }
    return sources;
}

awaitable<Result<Rules::Set>> Rules::read(std::vector<policy::Source> sources, std::uint32_t uid) {
    std::function<Result<Set>()> work = [sources = std::move(sources)] { return policy::load_rules(sources); };
    co_return co_await blocking_.compute<Set>(uid, std::move(work), kLoadTime);
}

awaitable<Status> Rules::load() {
    const auto turn = ++asked_;
    auto given = co_await given_();
    if (!given) co_return std::unexpected(given.error());
    auto sources = policy::shipped_sources();
    sources.insert(sources.end(), given->begin(), given->end());
    auto copy = sources;
    auto set = co_await read(std::move(copy), 0);
    if (!set) co_return std::unexpected(set.error());
    if (turn < taken_) co_return Status{};
    taken_ = turn;
    sources_ = std::move(sources);
    current_ = std::move(*set);
    projects_.clear();
    co_return Status{};
}

awaitable<Result<Rules::Set>> Rules::with(ProjectFiles files, std::uint32_t uid) {
    Key key;
    for (const auto& file : files) {
        const auto& fact = file->fact;
        key.push_back({file->path, fact.dev, fact.ino, fact.size, fact.mtime_ns, fact.ctime_ns});
    }
    if (const auto known = projects_.find(key); known != projects_.end()) co_return known->second;
    const auto under = current_;
    auto sources = sources_;
    for (const auto& file : files) sources.push_back({file->path, file->text, policy::Origin::project});
    auto set = co_await read(std::move(sources), uid);
    if (!set) co_return std::unexpected(set.error());
    if (projects_.size() >= kMaxProjects) projects_.clear();
    if (under == current_) projects_[key] = *set; // else it stands on rules that are no longer in force
    co_return *std::move(set);
}

} // namespace owhale::sandbox
