#include "audit/damaged.hpp"

#include <array>
#include <filesystem>

#include "store/failure.hpp"

namespace owhale::audit {
namespace {

std::string folder_of(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored).parent_path().string();
}

// An empty write-ahead log is the one of who looks, and goes with it.
bool stays(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return !error && size != 0;
}

} // namespace

std::string back_or_anew(const std::string& path) {
    constexpr std::array kFiles = {"/audit.db", "/audit.db-wal", "/audit.key"};
    std::string text = "put audit.db back from a backup\n"
                       "or move audit.db and audit.key away together, as root: a new log begins:";
    for (const auto* name : kFiles)
        if (const auto file = folder_of(path) + name; stays(file)) text += "\n  mv " + file + " " + file + ".old";
    return text;
}

std::unexpected<Error> damaged_log(std::string what, const std::string& path, const std::string& then) {
    const auto folder = folder_of(path);
    return std::unexpected(Error{Code::state_unavailable, std::move(what),
                                 "this is evidence: copy " + folder +
                                     " away as it is, before anything else\n"
                                     "look with `owhalectl audit verify --dir " +
                                     folder + "`\n" + then,
                                 0, std::string(store::kDamaged)});
}

} // namespace owhale::audit
