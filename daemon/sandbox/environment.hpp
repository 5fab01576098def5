// The environment of a run: the profile's, what follows from who and where it is, then the client's own.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "sandbox/profile.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

struct View {                          // what of the host's paths is visible in the cage
    std::vector<std::string> folders;  // the host's own: system folders, toolchains, workspace
    std::vector<std::string> private_; // same path, private content: home, /tmp
    bool shows(std::string_view path) const;
};

struct Setting { // who runs where
    std::string home, user, shell, cwd;
    bool tty = false;
    bool idmapped = false; // its files show as another uid's inside
};

// The caller's PATH, or the usual one, without the entries that the view does not have.
std::string search_path(const api::RunRequest& request, const View& view);
// The PATH to look the program up with, before the view is known.
std::string wanted_path(const api::RunRequest& request);

// "NAME=value", by name.
std::vector<std::string> make_environment(const Profile& profile, const Setting& setting, const std::string& path,
                                          const std::map<std::string, std::string>& wanted);

} // namespace owhale::sandbox
