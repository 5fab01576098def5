#include "config/places.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <unistd.h>

namespace owhale::config {
namespace {

struct Place {
    std::string_view key;
    std::string Settings::* path;
    bool needed; // looked at also where nobody set it
    std::string_view follows;
};

constexpr std::string_view kNoStart = "owhaled does not start without it";
constexpr std::string_view kMade = "owhaled makes it when it starts";
constexpr std::array kPlaces = {
    Place{"profile-dir", &Settings::profile_dir, true, kNoStart},
    Place{"spawner", &Settings::spawner, true, kNoStart},
    Place{"policy-dir", &Settings::policy_dir, false, "the shipped rules alone are in force"},
    Place{"hosts-dir", &Settings::hosts_dir, false, "no list of hosts is in force"},
    Place{"spawner-config", &Settings::spawner_config, false, "the spawner's own ceilings are its defaults"},
    Place{"state-dir", &Settings::state_dir, false, kMade},
    Place{"runtime-dir", &Settings::runtime_dir, false, kMade},
    Place{"accounts-dir", &Settings::accounts_dir, false, kMade},
    Place{"vault-key-file", &Settings::vault_key_file, false,
          "owhaled makes a new key when it starts, unless the vault may hold secrets: it is closed then"},
    Place{"audit-journal-socket", &Settings::audit_journal_socket, false,
          "nothing of the audit log is copied to journald"},
};

// What cannot be seen may be there.
bool is_missing(const std::string& path) {
    return ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool was_set(const Settings& settings, std::string_view key) {
    const auto row = std::ranges::find(settings.rows, key, &Row::key);
    return row != settings.rows.end() && row->source != "default";
}

// In the runtime folder, which is made, or somewhere else.
bool has_no_folder(const Settings& settings) {
    const auto folder = std::filesystem::path(settings.socket).parent_path().string();
    return folder != settings.runtime_dir && is_missing(folder);
}

} // namespace

std::vector<std::string> missing_places(const Settings& settings) {
    std::vector<std::string> out;
    for (const auto& place : kPlaces) {
        const auto& path = settings.*place.path;
        if ((place.needed || was_set(settings, place.key)) && is_missing(path))
            out.push_back(std::string(place.key) + ": " + path + " is not there: " + std::string(place.follows));
    }
    if (has_no_folder(settings))
        out.push_back("socket: the folder of " + settings.socket + " is not there: " + std::string(kNoStart));
    return out;
}

} // namespace owhale::config
