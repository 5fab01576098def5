// The policy in force: the shipped rules, the administrator's over them, and a project's own file on top of both, which
// can only narrow. A set is loaded aside, its examples verified, then swapped: on an error the old one stays.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/ruleset.hpp"
#include "sandbox/blob.hpp"
#include "sandbox/blocking.hpp"
#include "sandbox/plan.hpp"

namespace owhale::sandbox {

inline constexpr std::string_view kProjectFile = ".owhaled.toml";

// The administrator's files, from the blob that the spawner made of `folder`. config_invalid names the one that cannot be
// taken, why, and what to do.
Result<std::vector<policy::Source>> policy_sources(const wire::Blob& blob, const std::string& folder);
// Of a folder that could not be taken itself: `why` is an errno.
Error unusable_policy_folder(const std::string& folder, int why);

struct ProjectFile { // of a workspace, as the resolve child saw it
    std::string path;
    std::string text;
    wire::PathFact fact{};
};

using ProjectFiles = std::vector<std::shared_ptr<const ProjectFile>>;

class Rules {
public:
    using Set = std::shared_ptr<const policy::Ruleset>;
    // Opens the administrator's files, which may need rights that the broker gave up.
    using Given = std::function<boost::asio::awaitable<Result<std::vector<policy::Source>>>()>;

    explicit Rules(Given given) : given_(std::move(given)) {}

    // Reads and verifies everything, then swaps. Errors are config_invalid, "FILE:LINE:COLUMN: what"; the old set stays.
    boost::asio::awaitable<Status> load();
    // Null before the first load.
    Set current() const { return current_; }
    // With projects' files; remembered for as long as inode, size and times stay. An error refuses the run.
    boost::asio::awaitable<Result<Set>> with(ProjectFiles files, std::uint32_t uid);

private:
    struct Stamp {
        std::string path;
        std::uint64_t dev, ino, size;
        std::int64_t mtime_ns, ctime_ns;
        friend auto operator<=>(const Stamp&, const Stamp&) = default;
    };
    using Key = std::vector<Stamp>;
    boost::asio::awaitable<Result<Set>> read(std::vector<policy::Source> sources, std::uint32_t uid);

    Given given_;
    Blocking blocking_;
    std::vector<policy::Source> sources_; // of current_
    Set current_;
    std::uint64_t asked_ = 0, taken_ = 0; // loads: of two at once, the one that was asked for later stays
    std::map<Key, Set> projects_;
};

} // namespace owhale::sandbox
