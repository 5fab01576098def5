// The options of a command that starts a run, and the request they make.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/environment.hpp"
#include "cli/net_options.hpp"
#include "cli/tree.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

struct RunOptions {
    bool tty = false, no_stdin = false, detach = false, interactive = false, remove = false, approve_here = false;
    std::vector<std::string> env, env_files;
    std::string cwd, workspace, profile, as, timeout, memory, pids, cpus, io, description;
    NetOptions network;
};

void declare(Command command, RunOptions& options);

// The request without what is to run. Reads env files and our environment; warns about names that look secret. `far`:
// owhaled is reached over TCP, so that our folders, PATH and toolchains may mean nothing where it runs.
Result<api::RunRequest> request_of(const RunOptions& options, bool quiet, bool far);

// -t needs a terminal: stdin's, or with -n that of another standard stream.
Status check_terminal(bool tty, bool no_stdin);

// JSON carries UTF-8 only: an argument that is none is refused here, by its number.
Status check_words(const std::vector<std::string>& words);

// Words for whoever is asked: UTF-8, at most 4 KiB.
Result<std::optional<std::string>> description_of(const std::string& text);

// At most `limit` bytes of a file, or of stdin for "-"; UTF-8 only.
Result<std::string> read_text(const std::string& path, std::size_t limit, std::string_view what);

} // namespace owhale::cli
