#include "heads_dir.hpp"

#include <filesystem>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/log.hpp"

namespace owhale {
namespace {

bool within(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder + "/");
}

Status check_place(const config::Settings& settings, const std::string& folder) {
    for (const auto& open : {settings.state_dir, settings.runtime_dir, settings.accounts_dir})
        if (within(folder, open))
            return fail(Code::config_invalid,
                        "audit-heads is " + settings.audit_heads + ", within " + open +
                            ": what can change the audit log could change its heads there",
                        "name a file in a folder of root's own, such as /var/lib/owhaled-anchor/heads");
    return {};
}

// Who can write the folder above can put another in its place.
void warn_of_parent(const std::string& folder) {
    struct stat st{};
    if (::stat(std::filesystem::path(folder).parent_path().c_str(), &st) != 0) return;
    const bool others = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0;
    if (st.st_uid != 0 || others)
        log::warning("others can replace the folder of the audit log's heads: they can write the folder above it",
                     {{"folder", folder}});
}

// It is the state folder, as a rule, and the spawner may be there before the broker, who makes that.
Status make_own(const std::string& folder) {
    const auto parent = std::filesystem::path(folder).parent_path();
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (!error && ::mkdir(folder.c_str(), 0700) == 0) return sync_folder(parent);
    return {}; // what is wrong with it its users say
}

} // namespace

Status ensure_heads_dir(const config::Settings& settings) {
    const auto folder = std::filesystem::path(settings.audit_heads).parent_path().string();
    if (settings.rootless) return make_own(folder);
    CHECK(check_place(settings, folder));
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
    if (::mkdir(folder.c_str(), 0755) == 0) ::chmod(folder.c_str(), 0755); // whatever the umask
    warn_of_parent(folder);
    return {};
}

} // namespace owhale
