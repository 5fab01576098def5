// owhalectl audit export: the log, one event a line, to a file that can be gone on with, or to a pipe.
#include <chrono>
#include <csignal>
#include <memory>
#include <unistd.h>
#include <utility>

#include "cli/audit_follow.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/export_file.hpp"
#include "cli/export_lines.hpp"
#include "cli/export_stream.hpp"
#include "cli/messages.hpp"
#include "cli/moments.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string format = "jsonl", after, until_seq, since, until, file, resume;
    bool follow = false;
};

// The line on a terminal that says how far it is.
class Progress {
public:
    explicit Progress(std::uint64_t total) : total_(total), began_(Clock::now()) {}
    ~Progress() {
        if (shown_) std::fputs("\r\x1b[K", stderr);
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t sequence, std::uint64_t bytes) {
        const auto now = Clock::now();
        if (now - last_ < std::chrono::milliseconds(200)) return;
        last_ = now;
        shown_ = true;
        const double seconds = std::chrono::duration<double>(now - began_).count();
        const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes) / std::max(seconds, 0.001));
        std::string line = "\r\x1b[Kexported up to event " + std::to_string(sequence);
        if (total_ > 0) line += " of " + std::to_string(std::max(total_, sequence));
        line += ", " + format_size(bytes) + ", " + format_size(rate) + "/s";
        std::fputs(line.c_str(), stderr);
    }

private:
    using Clock = std::chrono::steady_clock;
    std::uint64_t total_;
    Clock::time_point began_, last_{};
    bool shown_ = false;
};

Result<std::uint64_t> newest(Context& context) {
    const auto body = TRY(context.ask({.verb = "audit.list", .query = {{"limit", "1"}}}));
    const auto list = TRY(read_audit(body));
    return list.events.empty() ? 0 : list.events.front().seq;
}

// That the file's last event is the log's, too: else its lines would be of two logs.
Status check_same_log(Context& context, const ExportFile& file) {
    const auto hash = hash_of(file.last_line());
    if (file.after() == 0 || hash.empty()) return {};
    const auto body = context.ask({.verb = "audit.show", .id = std::to_string(file.after())});
    if (!body && body.error().code != Code::not_found) return std::unexpected(body.error());
    const bool same = body && TRY(read_audit_entry(*body)).hash == hash;
    if (same) return {};
    return fail(Code::conflict,
                "event " + std::to_string(file.after()) + " in " + file.path() + " is not the one that owhaled has",
                "it is an export of another log, or this log was changed: owhalectl audit verify");
}

Result<ExportStream::Wanted> wanted_of(const Arguments& arguments) {
    ExportStream::Wanted wanted{.format = arguments.format, .follow = arguments.follow};
    const auto now = std::time(nullptr);
    auto times = TRY(stretch(arguments.since, arguments.until, now));
    if (!times.since.empty()) wanted.since = std::move(times.since);
    if (!times.until.empty()) wanted.until = std::move(times.until);
    constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
    if (!arguments.after.empty()) wanted.after = TRY(parse_count(arguments.after, "--after", 0, kMost));
    if (!arguments.until_seq.empty()) wanted.until_seq = TRY(parse_count(arguments.until_seq, "--until-seq", 1, kMost));
    return wanted;
}

Status check(const Arguments& arguments) {
    if (!arguments.resume.empty() && (!arguments.file.empty() || !arguments.after.empty()))
        return fail(Code::bad_request, "--resume names the file and where it goes on", "leave out --file and --after");
    return {};
}

Result<int> ended(const ExportFile& file, Result<int> end, bool quiet) {
    const bool whole = end && *end == 0;
    if (!whole && !quiet) note("not all is there; go on with it: owhalectl audit export --resume " + file.path());
    if (!end) return end;
    return *end == 0 ? kOk : kBySignal + *end;
}

// Who follows has everything only until owhaled was stopped.
void tell_end(Context& context, const Arguments& arguments, const ExportStream& stream, const Result<int>& end) {
    const bool reached = !arguments.until_seq.empty() && std::to_string(stream.last()) == arguments.until_seq;
    if (!arguments.follow || !end || *end != 0 || reached || context.globals().quiet) return;
    const auto& file = arguments.resume.empty() ? arguments.file : arguments.resume;
    note(owhaled_ended(stream.last()) + (file.empty() ? "" : "; go on with --resume " + file));
}

// No tree head is over a choice of events, nor over what begins behind the first. Told once, when some of it has come.
ExportStream::Progress tell_part(Context& context, const Where& where, const Arguments& arguments,
                                 const ExportStream::Wanted& wanted) {
    const bool part = wanted.after > 0 || !wanted.since.empty() || !wanted.until.empty();
    if (!part || wanted.format != "jsonl" || !arguments.resume.empty() || context.globals().quiet) return nullptr;
    return [told = false, ctl = "owhalectl" + options_for(where)](std::uint64_t, std::uint64_t bytes) mutable {
        if (bytes > 0 && !std::exchange(told, true))
            note("this is a part of the log, without a signed tree head, and proves nothing by itself: only an export "
                 "of all, from "
                 "the first event on, does (owhalectl audit verify --file). In the log itself these events are proved "
                 "by: " +
                 ctl + " audit verify --range A..B");
    };
}

Result<int> write_to(ExportFile& file, Context& context, const Arguments& arguments, ExportStream::Wanted wanted) {
    const bool resumes = !arguments.resume.empty();
    const bool quiet = context.globals().quiet;
    const bool shows = !quiet && is_terminal(STDERR_FILENO);
    if (resumes) {
        CHECK(check_same_log(context, file));
        wanted.after = file.after();
        if (file.torn() > 0 && !quiet) note("cut off a torn last line of " + std::to_string(file.torn()) + " bytes");
    }
    wanted.stops_on_signals = true;
    const auto where = TRY(context.where());
    const auto part = tell_part(context, where, arguments, wanted);
    const auto total = shows && !wanted.until_seq ? TRY(newest(context)) : wanted.until_seq.value_or(0);
    auto progress = std::make_unique<Progress>(total);
    ExportStream stream(
        where, std::move(wanted), [&file](std::string_view lines) { return file.write(lines); },
        [&](std::uint64_t sequence, std::uint64_t bytes) {
            if (part) part(sequence, bytes);
            if (shows) progress->show(sequence, bytes);
        });
    auto end = stream.run();
    progress.reset();
    CHECK(file.sync());
    tell_end(context, arguments, stream, end);
    if (!end && file.remove_if_empty()) return end;
    return ended(file, std::move(end), quiet);
}

Result<int> to_file(Context& context, const Arguments& arguments, ExportStream::Wanted wanted) {
    auto file = TRY(arguments.resume.empty() ? ExportFile::create(arguments.file)
                                             : ExportFile::resume(arguments.resume, arguments.format));
    auto end = write_to(file, context, arguments, std::move(wanted));
    if (!end) file.remove_if_empty();
    return end;
}

Result<int> run(Context& context, const Arguments& arguments) {
    CHECK(check(arguments));
    auto wanted = TRY(wanted_of(arguments));
    if (!arguments.file.empty() || !arguments.resume.empty()) return to_file(context, arguments, std::move(wanted));
    const auto where = TRY(context.where());
    auto part = tell_part(context, where, arguments, wanted);
    ExportStream stream(where, std::move(wanted), [](std::string_view lines) { return print(lines); }, std::move(part));
    auto end = stream.run();
    tell_end(context, arguments, stream, end);
    return end;
}

} // namespace

void declare_audit_export(Command audit) {
    auto command = audit.sub("export", "Everybody's events, one a line, oldest first");
    auto arguments = std::make_shared<Arguments>();
    command.option("--format", arguments->format, "FORMAT", "jsonl, which can be verified; ocsf, cef", Kind::choice,
                   {"jsonl", "ocsf", "cef"});
    command.option("--after", arguments->after, "SEQ", "those after this sequence number");
    command.option("--until-seq", arguments->until_seq, "SEQ", "up to this sequence number");
    command.option("--since", arguments->since, "TIME", "from then on: 2h (ago), yesterday, 2026-11-20");
    command.option("--until", arguments->until, "TIME", "up to then");
    command.flag("-f,--follow", arguments->follow, "and go on with new ones");
    command.option("--file", arguments->file, "FILE", "write to this new file (mode 0600)", Kind::file);
    command.option("--resume", arguments->resume, "FILE", "go on after the last whole line of this file", Kind::file);
    command.handler([arguments](Context& context) { return run(context, *arguments); });
}

} // namespace owhale::cli
