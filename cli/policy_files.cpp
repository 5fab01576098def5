#include "cli/policy_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/environment.hpp"

namespace owhale::cli {
namespace {

constexpr auto kSystemFolder = "/etc/owhaled/policy.d";
constexpr auto kProjectFile = ".owhaled.toml";
constexpr auto kNext = "man owhaled-policy.5 describes files of rules";

std::unexpected<Error> wrong(const std::string& path, const std::string& what) {
    return fail(Code::config_invalid, path + ": " + what, kNext);
}

// Opened without waiting: a FIFO in the folder must not hold us.
Result<Fd> open_path(const std::string& path, int more) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | more));
    if (!fd)
        return fail(errno == ENOENT ? Code::not_found : Code::config_invalid, path + ": " + ::strerror(errno),
                    std::string("name a file or a folder that is there and that you can read; ") + kNext);
    return fd;
}

// Root's or ours; the project's own file only ours, as root's workspace is root's.
Status check_owner(const struct stat& status, const std::string& path) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return wrong(path, "belongs to uid " + std::to_string(status.st_uid) + ": rules are root's, or your own");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return wrong(path, "others may write it: chmod go-w");
    return {};
}

Result<std::string> read_whole(const Fd& fd, const std::string& path) {
    std::string text;
    char chunk[65536];
    for (;;) {
        const auto count = ::read(fd.get(), chunk, sizeof chunk);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return wrong(path, ::strerror(errno));
        if (count == 0) return text;
        text.append(chunk, static_cast<std::size_t>(count));
        if (text.size() > policy::kMaxRuleFile) return wrong(path, "more than 1 MiB");
    }
}

Result<policy::Source> read_file(const Fd& fd, const std::string& path, policy::Origin origin) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return wrong(path, ::strerror(errno));
    if (!S_ISREG(status.st_mode)) return wrong(path, "is no plain file");
    CHECK(check_owner(status, path));
    return policy::Source{path, TRY(read_whole(fd, path)), origin, {}};
}

Result<std::vector<std::string>> names_in(Fd folder, const std::string& path) {
    std::vector<std::string> names;
    DIR* opened = ::fdopendir(folder.get());
    if (opened == nullptr) return wrong(path, ::strerror(errno));
    folder.release();
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(opened, ::closedir);
    while (const auto* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name.ends_with(".toml") && !name.starts_with('.')) names.push_back(name);
    }
    if (names.size() > policy::kMaxRuleFiles) return wrong(path, "more than 256 files of rules");
    std::ranges::sort(names);
    return names;
}

Result<std::vector<policy::Source>> read_folder(Fd folder, const struct stat& status, const std::string& path,
                                                policy::Origin origin) {
    CHECK(check_owner(status, path));
    std::vector<policy::Source> out;
    for (const auto& name : TRY(names_in(std::move(folder), path))) {
        const auto file = path + "/" + name;
        const auto fd = TRY(open_path(file, 0));
        out.push_back(TRY(read_file(fd, file, origin)));
    }
    return out;
}

void append(std::vector<policy::Source>& to, std::vector<policy::Source> more) {
    std::ranges::move(more, std::back_inserter(to));
}

// Those of a place that need not be there.
Status append_if_there(std::vector<policy::Source>& to, const std::string& path, policy::Origin origin) {
    auto sources = read_sources(path, origin);
    if (sources) append(to, std::move(*sources));
    if (sources || sources.error().code == Code::not_found) return {};
    return std::unexpected(std::move(sources.error()));
}

} // namespace

std::vector<std::string> policy_folders() {
    std::vector<std::string> out = {kSystemFolder};
    if (::geteuid() == 0) return out;
    const auto config = own_variable("XDG_CONFIG_HOME"), home = own_variable("HOME");
    if (config && config->starts_with('/'))
        out.push_back(*config + "/owhaled/policy.d");
    else if (home && home->starts_with('/'))
        out.push_back(*home + "/.config/owhaled/policy.d");
    return out;
}

Result<std::vector<policy::Source>> read_sources(const std::string& path, policy::Origin origin) {
    auto fd = TRY(open_path(path, 0));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return wrong(path, ::strerror(errno));
    if (S_ISDIR(status.st_mode)) return read_folder(std::move(fd), status, path, origin);
    std::vector<policy::Source> out;
    out.push_back(TRY(read_file(fd, path, origin)));
    return out;
}

Result<std::vector<policy::Source>> all_sources(const PolicyPlaces& places) {
    auto out = policy::shipped_sources();
    for (auto& source : out) source.examples = places.examples;
    if (places.rules.empty()) {
        for (const auto& folder : policy_folders()) CHECK(append_if_there(out, folder, policy::Origin::system));
    } else if (places.rules != "none") {
        append(out, TRY(read_sources(places.rules, policy::Origin::system)));
    }
    if (!places.workspace.empty())
        CHECK(append_if_there(out, places.workspace + "/" + kProjectFile, policy::Origin::project));
    return out;
}

} // namespace owhale::cli
