#include "cli/run_options.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/events.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostEnvFile = std::size_t{1} << 20;
constexpr std::size_t kMostDescription = 4096;

Result<std::string> current_folder() {
    std::array<char, PATH_MAX> buffer{};
    if (::getcwd(buffer.data(), buffer.size()) != nullptr && buffer[0] == '/') return std::string(buffer.data());
    return fail(Code::cwd_missing, "the current folder is gone, or out of reach", "go to a folder that exists");
}

// As the kernel would read it from here; the daemon resolves the rest.
Result<std::string> absolute(const std::string& path, const std::string& from) {
    if (path.starts_with('/')) return path;
    return from + (from.ends_with('/') ? "" : "/") + path;
}

// Without HOME no toolchain is found below it.
std::optional<std::string> but_home(const std::string& name) {
    return name == "HOME" ? std::nullopt : own_variable(name);
}

Result<Variables> variables(const RunOptions& options, bool quiet, bool far) {
    auto chosen = default_variables(far ? but_home : own_variable, own_names(), options.tty);
    Variables asked;
    for (const auto& path : options.env_files) {
        const auto content = TRY(read_text(path, kMostEnvFile, "--env-file"));
        CHECK(add_file(asked, content, path, own_variable));
    }
    CHECK(add_variables(asked, options.env, own_variable));
    std::erase_if(chosen, [](const auto& variable) { return !is_utf8(variable.second); });
    for (auto& [name, value] : asked) {
        if (!is_utf8(name + value))
            return fail(Code::invalid_value, "the variable " + name + " is not UTF-8", "leave it out");
        if (!quiet && looks_secret(name))
            note("warning: " + name + " looks like a secret: the command can read it, print it and keep it");
        chosen.insert_or_assign(name, value);
    }
    return chosen;
}

Status check_folder(const std::string& path, std::string_view what) {
    if (is_utf8(path)) return {};
    return fail(Code::invalid_value, std::string(what) + "'s name is not UTF-8", "rename it, or name another");
}

Status set_folders(api::RunRequest& request, const RunOptions& options) {
    const auto here = current_folder();
    if (!here && !options.cwd.starts_with('/')) return std::unexpected(here.error());
    const auto from = here.value_or("/");
    request.cwd = TRY(absolute(options.cwd.empty() ? from : options.cwd, from));
    if (!options.workspace.empty()) request.workspace = TRY(absolute(options.workspace, from));
    request.path = own_variable("PATH");
    request.home = own_variable("HOME");
    return check_folder(*request.cwd, "the working folder");
}

// Only what was named, and that whole: by default the account's own folder there.
Status set_far_folders(api::RunRequest& request, const RunOptions& options) {
    for (const auto& [path, option] : {std::pair{&options.cwd, "-w"}, std::pair{&options.workspace, "--workspace"}})
        if (!path->empty() && !path->starts_with('/'))
            return fail(Code::invalid_value, std::string(option) + " " + *path + ": owhaled may be on another machine",
                        "name the folder there whole, from / on");
    if (!options.cwd.empty()) request.cwd = options.cwd;
    if (!options.workspace.empty()) request.workspace = options.workspace;
    return check_folder(options.cwd, "the working folder");
}

Status set_limits(api::RunRequest& request, const RunOptions& options) {
    api::Limits limits;
    if (!options.memory.empty()) limits.memory = TRY(parse_size(options.memory, "--memory"));
    if (!options.pids.empty()) limits.pids = TRY(parse_count(options.pids, "--pids", 1, 4'194'304));
    if (!options.cpus.empty()) limits.cpus = TRY(parse_cpus(options.cpus));
    if (!options.io.empty()) limits.io = TRY(parse_size(options.io, "--io"));
    if (limits.memory || limits.pids || limits.cpus || limits.io) request.limits = limits;
    if (!options.timeout.empty()) request.timeout_ms = TRY(parse_duration_ms(options.timeout, "--timeout"));
    return {};
}

void set_terminal(api::RunRequest& request) {
    request.tty = true;
    if (const auto size = window_size(); size && size->rows > 0 && size->columns > 0) {
        request.rows = size->rows;
        request.cols = size->columns;
    }
}

} // namespace

void declare(Command command, RunOptions& options) {
    command.flag("-t,--tty", options.tty, "give the command a terminal");
    command.flag("-n,--no-stdin", options.no_stdin, "do not forward stdin: the command reads an end at once");
    command.flag("-d,--detach", options.detach, "print the run's id and leave it running");
    command.flag("-i,--interactive", options.interactive, "accepted as in docker: stdin is forwarded anyway");
    command.flag("--rm", options.remove, "accepted as in docker: a run leaves no container behind anyway");
    command.option("--workspace", options.workspace, "DIR",
                   "the folder that may be written (default: found from the working folder)", Kind::folder);
    command.option("-w,--workdir", options.cwd, "DIR", "the working folder (default: this one)", Kind::folder);
    command.options("-e,--env", options.env, "NAME[=VALUE]", "set a variable, or pass ours on");
    command.options("--env-file", options.env_files, "FILE", "variables, one a line", Kind::file);
    command.option("--profile", options.profile, "NAME", "the cage's profile (owhalectl profiles ls)", Kind::profile);
    command.option("--as", options.as, "USER", "run as this user; for root only");
    declare(command, options.network);
    command.option("--timeout", options.timeout, "TIME", "end it after 90s, 5m, 2h, 1d; 0 is never");
    command.option("--memory", options.memory, "SIZE", "at most so much memory: 512M, 2G");
    command.option("--pids", options.pids, "N", "at most so many processes and threads");
    command.option("--cpus", options.cpus, "N", "at most so many processors: 1.5");
    command.option("--io", options.io, "SIZE", "read and write at most so much a second, on each disk: 20M");
    command.option("--description", options.description, "TEXT", "should somebody be asked: your words for them");
    command.flag("--approve-here", options.approve_here,
                 "should somebody be asked: decide on this terminal, with the password of your account");
}

Result<api::RunRequest> request_of(const RunOptions& options, bool quiet, bool far) {
    api::RunRequest request;
    CHECK(far ? set_far_folders(request, options) : set_folders(request, options));
    request.env = TRY(variables(options, quiet, far));
    if (!options.profile.empty()) request.profile = options.profile;
    if (!options.as.empty()) request.run_as = options.as;
    CHECK(set_network(request, options.network, far));
    CHECK(set_limits(request, options));
    request.description = TRY(description_of(options.description));
    CHECK(check_terminal(options.tty && !options.detach, options.no_stdin));
    if (options.tty) set_terminal(request);
    if (options.detach) {
        request.detach = true;
        request.stdin_open = (options.interactive || options.tty) && !options.no_stdin;
    } else {
        request.attach = true;
        request.stdin_open = !options.no_stdin;
    }
    return request;
}

Result<std::optional<std::string>> description_of(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (text.size() > kMostDescription)
        return fail(Code::invalid_value, "--description is over " + std::to_string(kMostDescription) + " bytes",
                    "say it in fewer words");
    if (!is_utf8(text)) return fail(Code::invalid_value, "--description is not UTF-8", "write it in UTF-8");
    return text;
}

Status check_terminal(bool tty, bool no_stdin) {
    if (!tty) return {};
    const bool usable = no_stdin ? window_size().has_value() : is_terminal(STDIN_FILENO);
    if (usable) return {};
    return fail(Code::bad_request,
                no_stdin ? "-t needs a terminal, and there is none" : "-t needs a terminal on stdin, which is none",
                "leave out -t, or run it from a terminal (script -qc '…' /dev/null makes one)");
}

Status check_words(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i)
        if (!is_utf8(words[i]))
            return fail(Code::invalid_value, "argument " + std::to_string(i) + " of the command is not UTF-8",
                        "put the command into a script file of the workspace and run that");
    return {};
}

Result<std::string> read_text(const std::string& path, std::size_t limit, std::string_view what) {
    const std::string name = path == "-" ? std::string(what) + " from stdin" : path;
    const Fd file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return fail(Code::invalid_value, name + ": " + ::strerror(errno), "name a file that you can read");
    std::string text;
    std::array<char, 65536> chunk{};
    for (;;) {
        const auto count = ::read(file.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return fail(Code::invalid_value, name + ": " + ::strerror(errno), "name a file that you can read");
        if (count == 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(count));
        if (text.size() > limit)
            return fail(Code::body_too_large, name + ": more than " + format_size(limit),
                        "put it in the workspace, and run it from there");
    }
    if (!is_utf8(text) || text.find('\0') != std::string::npos)
        return fail(Code::invalid_value, name + ": not UTF-8 text", "convert it, or run the file itself");
    return text;
}

} // namespace owhale::cli
