// owhalectl audit verify: whether the audit log is what owhaled wrote, believing no owhaled.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/units.hpp"
#include "cli/verify/confined.hpp"
#include "cli/verify/examine.hpp"
#include "cli/verify/heads.hpp"
#include "cli/verify/journal.hpp"
#include "cli/verify/known_logs.hpp"
#include "cli/verify/saved_checkpoint.hpp"
#include "cli/verify/served_log.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr int kCannotLook = 3;
constexpr auto kSystemState = "/var/lib/owhaled";

struct Arguments {
    std::string range, checkpoint, key, dir, heads, file;
};

std::string own_state() {
    const auto absolute = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value != nullptr && *value == '/' ? value : "");
    };
    if (const auto state = absolute("XDG_STATE_HOME"); !state.empty()) return state + "/owhaled";
    const auto home = absolute("HOME");
    return home.empty() ? "" : home + "/.local/state/owhaled";
}

// The state folder whose log is meant; "" where the API is to be asked.
std::string folder_of(const Context& context, const Arguments& arguments) {
    if (!arguments.dir.empty() || !arguments.file.empty()) return arguments.dir;
    const auto& globals = context.globals();
    if (!globals.socket.empty() || !globals.host.empty() || std::getenv("OWHALE_SOCKET") != nullptr ||
        std::getenv("OWHALE_HOST") != nullptr)
        return "";
    const auto folder = ::geteuid() == 0 ? std::string(kSystemState) : own_state();
    std::error_code ignored;
    return std::filesystem::exists(folder + "/audit.db", ignored) ? folder : "";
}

Result<std::pair<std::uint64_t, std::uint64_t>> range_of(const std::string& text) {
    const auto dots = text.find("..");
    if (dots == text.npos) return fail(Code::bad_request, "'" + text + "' is no range", "--range 100..200, or 7..7");
    return std::pair(TRY(parse_count(text.substr(0, dots), "--range", 1, INT64_MAX)),
                     TRY(parse_count(text.substr(dots + 2), "--range", 1, INT64_MAX)));
}

// Root's file; rootless it lies in the folder itself.
verify::Kept heads_of(const Arguments& arguments, const std::string& folder) {
    if (!arguments.heads.empty()) return verify::heads_in(arguments.heads);
    auto kept = verify::heads_in(folder + "-anchor/heads");
    kept.beside = !kept.roots; // whoever made the folder can have made this one
    if (kept.absent.empty()) return kept;
    auto beside = verify::heads_in(folder + "/audit.heads");
    beside.beside = true;
    return beside.absent.empty() ? beside : kept;
}

// Who told the journal of this log: its owner, or the service's user.
std::optional<uid_t> broker_of(const std::string& folder) {
    if (folder.empty()) {
        const auto* account = ::getpwnam("owhaled");
        return account != nullptr ? std::optional(account->pw_uid) : std::nullopt;
    }
    struct stat found{};
    return ::stat((folder + "/audit.db").c_str(), &found) == 0 ? std::optional(found.st_uid) : std::nullopt;
}

Result<verify::Request> request_of(const Context& context, const Arguments& arguments, const std::string& folder) {
    verify::Request out{.progress = !context.globals().quiet};
    if (!arguments.key.empty()) out.pinned = TRY(verify::merkle::parse_vkey(arguments.key));
    if (!arguments.range.empty()) out.range = TRY(range_of(arguments.range));
    if (!arguments.checkpoint.empty()) out.kept.push_back(TRY(verify::checkpoint_in(arguments.checkpoint)));
    if (!arguments.heads.empty() || !folder.empty()) out.kept.push_back(heads_of(arguments, folder));
    out.kept.push_back(verify::heads_in_journal(broker_of(folder), !folder.empty()));
    out.kept.push_back(verify::known_logs());
    return out;
}

bool has_log(const std::string& folder) {
    std::error_code ignored;
    return !folder.empty() && std::filesystem::exists(folder + "/audit.db", ignored);
}

// Where the log may be, for who named a folder that has none.
std::string where_else(const std::string& folder) {
    const auto path = std::filesystem::path(folder);
    const auto parent = path.has_parent_path() ? path.parent_path().string() : std::string(".");
    for (const auto& near : {parent, folder + "/state", std::string(kSystemState), own_state()})
        if (near != folder && has_log(near)) return "there is one in " + near + ": --dir " + near;
    return "--dir is the state folder, in which audit.db lies: owhalectl status says which it is (State)";
}

// Whose log it is, by what is kept outside, where the log does not say so itself.
std::optional<verify::merkle::NoteKey> expected_in(const verify::Request& request, const std::string& folder) {
    for (const auto& kept : request.kept)
        if (kept.name == "heads" && !kept.logs.empty()) return kept.logs.front().key;
    return verify::known_at(folder).value_or(std::nullopt);
}

// A log that is not there, or is empty: found bad where anybody knows that it had events; otherwise it cannot be looked at.
Result<verify::Report> nothing_in(const std::string& path, const verify::Request& request, const std::string& what,
                                  Error otherwise) {
    auto report = TRY(verify::examine_nothing(request));
    if (!report) return std::unexpected(std::move(otherwise));
    report->notes.push_back(
        path + " " + what +
        ": when what is left is copied away, put it back from a backup; how a new log is begun in its place owhaled "
        "says when it is started");
    return *std::move(report);
}

Result<verify::Report> examine_folder(const std::string& folder, verify::Request request) {
    std::error_code error;
    const auto real = std::filesystem::canonical(folder, error); // without links on the way to it
    if (error) return cannot_open(folder, where_else(folder), error.value());
    request.expected = expected_in(request, real.string());
    const auto path = real.string() + "/audit.db";
    const bool there = std::filesystem::exists(path, error);
    if (error && error != std::errc::not_a_directory)
        return fail(Code::system, path + ": " + error.message(),
                    "be root, or the user that owhaled runs as; or ask owhaled: without --dir");
    if (!there)
        return nothing_in(path, request, "is not there",
                          {Code::not_found, path + " is not there", where_else(real.string()), 0, {}});
    if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) == 0 && !error)
        return nothing_in(path, request, "has not one byte",
                          {Code::state_unavailable,
                           path + " has not one byte: there is no log in it, and nothing here remembers one",
                           "without a backup of it owhaled begins a new log there at its next start",
                           0,
                           {}});
    return verify::as_owner_of(path, [&] { return verify::examine_database(path, request); });
}

// Owhaled's own proof that the log, as it is remembered, goes on from the export; where none can be had, the report says
// what was not compared.
verify::Report go_on(Context& context, const verify::Request& request, verify::Report report) {
    const auto key = verify::merkle::parse_vkey(report.key);
    if (!report.whole || !report.note || !key) return report;
    const auto from = verify::merkle::verify(*report.note, *key);
    for (const auto& kept : request.kept)
        for (const auto& log : kept.logs)
            if (from && kept.own_memory && log.key == *key && log.checkpoints.front().size > from->size)
                verify::take_later(context, *key, *from, log.checkpoints.front(), report);
    return report;
}

Result<verify::Report> examine(Context& context, const Arguments& arguments) {
    if (!arguments.dir.empty() && !arguments.file.empty())
        return fail(Code::bad_request, "--dir and --file name two logs", "name one of them");
    if (!arguments.range.empty() && !(arguments.checkpoint.empty() && arguments.heads.empty()))
        return fail(Code::bad_request, "some events alone are not held against what is kept outside of the log",
                    "leave --range out, or --checkpoint and --heads");
    auto folder = folder_of(context, arguments);
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    auto request = TRY(request_of(context, arguments, folder));
    if (!arguments.file.empty()) {
        if (request.range) return fail(Code::bad_request, "--range is not for --file", "leave one of them out");
        request.ends_early = true;
        return go_on(context, request, TRY(verify::examine_file(arguments.file, request)));
    }
    if (!folder.empty()) return examine_folder(folder, std::move(request));
    auto served = verify::examine_served(context, request);
    if (!served && served.error().code == Code::unreachable) {
        auto& next = served.error().next;
        next = (next.empty() ? std::string(next_step(Code::unreachable)) : next) +
               "; or look at its files: --dir STATE, the folder in which audit.db lies, as root or as who owns it";
    }
    return served;
}

// Where the log was looked for; "" of an export.
std::string place_of(const Context& context, const Arguments& arguments) {
    if (!arguments.file.empty()) return {};
    std::error_code ignored;
    const auto folder = folder_of(context, arguments);
    if (!folder.empty()) return std::filesystem::weakly_canonical(folder, ignored).string();
    const auto& globals = context.globals();
    for (const auto& [named, variable] : {std::pair{globals.host, "OWHALE_HOST"}, {globals.socket, "OWHALE_SOCKET"}}) {
        if (!named.empty()) return named;
        if (const auto* value = std::getenv(variable); value != nullptr && *value != '\0') return value;
    }
    return "the system's owhaled";
}

// A log that was begun anew has another key, of which nothing that is kept of the former one says a word.
void tell_another(const Arguments& arguments, const std::string& place, verify::Report& report) {
    const auto known = verify::known_at(place);
    const auto key = verify::merkle::parse_vkey(report.key);
    if (!known || !*known || !key || **known == *key || !arguments.key.empty()) return;
    report.notes.push_back("CAUTION: the log that was verified here before (" + place +
                           ") was signed with another key, " + verify::merkle::to_vkey(**known) +
                           ": unless owhaled was set up anew, this one was put in its place");
}

// The next time, a log that has less, or another, is found out.
void remember(const verify::Report& report, const std::string& place) {
    if (!report.whole || !report.note) return;
    const auto key = verify::merkle::parse_vkey(report.key);
    const auto kept = key ? verify::remember(*key, *report.note, place) : Status();
    if (!kept) note("this checkpoint is not remembered: " + kept.error().message);
}

// Without links on the way to it; "" of "".
std::string real_path(const std::string& path) {
    std::error_code ignored;
    return path.empty() ? "" : std::filesystem::weakly_canonical(path, ignored).string();
}

// With what it was told, so that the commands of the report are about the same log.
Result<std::string> owhalectl_here(const Context& context) {
    return "owhalectl" + options_for(TRY(context.where()));
}

std::string log_options(const Arguments& arguments) {
    std::string out;
    for (const auto& [option, value] :
         {std::pair{"--dir", &arguments.dir}, {"--file", &arguments.file}, {"--heads", &arguments.heads}})
        if (!value->empty()) out += (out.empty() ? "" : " ") + std::string(option) + " " + quoted(*value);
    return out;
}

Result<int> verify_log(Context& context, const Arguments& arguments) {
    auto report = examine(context, arguments);
    if (!report) {
        complain(report.error());
        const int code = exit_of(report.error(), Exits::plain);
        return code == kFailed || code == kNotFound ? kCannotLook : code; // 1 says that something was found
    }
    const auto place = place_of(context, arguments);
    tell_another(arguments, place, *report);
    remember(*report, place);
    const auto& look = context.look();
    if (look.format != Format::table)
        CHECK(print(json_text(look, to_json(*report))));
    else if (!context.globals().quiet || !report->whole)
        CHECK(print(as_text(look, *report,
                            {.ctl = TRY(owhalectl_here(context)),
                             .log = log_options(arguments),
                             .folder = arguments.file.empty() ? real_path(folder_of(context, arguments)) : "",
                             .file = arguments.file})));
    return report->whole ? kOk : kFailed;
}

} // namespace

void declare_audit_verify(Command audit) {
    auto command =
        audit.sub("verify", "Check by yourself that the log is whole: every event, the tree, the signatures");
    auto arguments = std::make_shared<Arguments>();
    command.option("--range", arguments->range, "A..B", "these events alone, by proofs");
    command.option("--checkpoint", arguments->checkpoint, "FILE", "also against a checkpoint that was kept elsewhere",
                   Kind::file);
    command.option("--key", arguments->key, "VKEY", "the key that it must be signed with (audit checkpoint --key)");
    command.option("--dir", arguments->dir, "STATE", "owhaled's state folder, or a copy of it: as root, or its owner",
                   Kind::folder);
    command.option("--heads", arguments->heads, "FILE", "root's file of tree heads (STATE-anchor/heads)", Kind::file);
    command.option("--file", arguments->file, "EXPORT", "an export in JSON Lines, instead of the log", Kind::file);
    command.handler([arguments](Context& context) { return verify_log(context, *arguments); });
}

} // namespace owhale::cli
