// Small tables for tests; the shipped ones are tested in profiles.cpp.
#pragma once

#include "sandbox/profile.hpp"

namespace owhale::test {

inline sandbox::Tables small_tables() {
    sandbox::Tables tables;
    tables.credentials = {".ssh", ".config/gh", ".npmrc"};
    tables.protected_files = {".vscode", ".envrc"};
    tables.git_protected = {"config", "hooks", "info/attributes"};
    tables.system = {"/usr", "/bin", "/etc"};
    tables.hidden = {"/proc", "/sys", "/dev", "/run"};
    return tables;
}

} // namespace owhale::test
