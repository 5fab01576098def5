// Verifies an export, as it comes from owhaled or lies in a file.
#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/fd.hpp"
#include "cli/verify/examine.hpp"
#include "cli/verify/export_kind.hpp"
#include "cli/verify/export_lines.hpp"
#include "cli/verify/findings.hpp"
#include "cli/verify/lines.hpp"
#include "cli/verify/progress.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kPiece = 1u << 18;
constexpr std::string_view kCheckpoint = "{\"checkpoint\":"; // as its line begins
constexpr std::size_t kMostFormer = 100'000;
constexpr std::size_t kMostFirst = 1000; // lines in which the key's name is looked for
constexpr std::size_t kLastPart = 2 * merkle::kLargestNote, kMostBehind = std::size_t{256} << 20;

struct Reading {
    Pass& pass;
    Report& report;
    bool keeps = false; // the leaves
    std::string problem;
    std::uint64_t line = 0, wrong = 0;
    std::vector<std::uint64_t> strange; // lines that are none of an export, since the last event
};

// Before the event `seq`, or at the end: each stands for an event that is not there, or for nothing.
void place_strange(Reading& reading, std::uint64_t seq) {
    for (const auto at : std::exchange(reading.strange, {})) {
        const auto next = reading.pass.next();
        const auto what = "line " + std::to_string(at) + " is none of an export in JSON Lines";
        if (next < seq)
            reading.pass.unreadable(next, what);
        else
            reading.pass.add_problem(next, {}, "inserted", what + ", and no event is missing there");
    }
}

void take_line(Reading& reading, std::string_view text) {
    ++reading.line;
    const auto line = read_export_line(text);
    if (!line) {
        ++reading.wrong;
        return reading.strange.push_back(reading.line);
    }
    if (line->seq != 0) place_strange(reading, line->seq);
    if (line->seq != 0 && reading.keeps) reading.report.leaves.emplace_back(line->seq, line->hash);
    switch (line->kind) {
    case ExportLine::Kind::event:
        return reading.pass.take({.seq = line->seq, .hash = line->hash, .json = line->json});
    case ExportLine::Kind::dropped:
        return reading.pass.take({.seq = line->seq, .hash = line->hash});
    case ExportLine::Kind::problem:
        reading.problem = line->text;
        return;
    case ExportLine::Kind::checkpoint: // the newest counts, which add_end() finds
    case ExportLine::Kind::blank:
        return;
    }
}

Pieces pieces_of(int fd, const std::string& path) {
    return [fd, path]() -> Result<std::string> {
        std::string piece(kPiece, '\0');
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0) return fail_errno(path);
        piece.resize(static_cast<std::size_t>(count));
        return piece;
    };
}

// The key that its first lines name, and the sequence that it begins with.
Result<Exported> beginning_of(const Pieces& pieces) {
    Exported out{.first = 0};
    Lines lines(pieces);
    bool begun = false; // a line of another format further down is damage
    for (std::size_t i = 0; i < kMostFirst; ++i) {
        const auto text = TRY(lines.next());
        if (!text) break;
        if (!std::exchange(begun, begun || !text->empty())) CHECK(check_format(*text));
        const auto line = read_export_line(*text);
        if (!line || line->seq == 0) continue;
        if (out.first == 0) out.first = line->seq;
        const auto body = line->kind == ExportLine::Kind::event ? read_body(line->json) : std::nullopt;
        if (!body || body->event != "audit.opened") continue;
        out.key = named_key(body->data);
        break;
    }
    out.first = std::max<std::uint64_t>(out.first, 1);
    return out;
}

Status add_from(int fd, std::uint64_t from, std::uint64_t size, const std::string& path, Exported& to) {
    std::string text(size - from, '\0');
    const auto count = ::pread(fd, text.data(), text.size(), static_cast<off_t>(from));
    if (count < 0) return fail_errno(path);
    text.resize(static_cast<std::size_t>(count));
    std::string_view rest(text);
    while (to.note.empty() && !rest.empty()) {
        const auto begin = rest.find_last_of('\n') + 1; // 0 without one
        const auto line = read_export_line(rest.substr(begin));
        if (line && line->kind == ExportLine::Kind::checkpoint) to.note = line->text;
        rest = rest.substr(0, begin == 0 ? 0 : begin - 1);
    }
    return {};
}

// Its first event may be gone: of the log that signs it the key is known from the last time.
std::optional<merkle::NoteKey> known_key(const Exported& exported, const Request& request) {
    const auto note = merkle::parse_note(exported.note);
    const auto signed_head =
        note ? merkle::parse_checkpoint(note->text) : Result<merkle::Checkpoint>(fail(Code::not_found, ""));
    if (!signed_head) return {};
    for (const auto& kept : request.kept)
        for (const auto& log : kept.logs)
            if (kept.own_memory && log.key.name == signed_head->origin) return log.key;
    return {};
}

// An export ends with what signs it: without, whoever has had the file could have written all of it.
Report none_without_checkpoint(Report report) {
    if (!report.whole || report.signed_size) return report;
    report.whole = false;
    ++report.bad;
    report.problems.push_back({1, report.last, "checkpoint_missing",
                               "no checkpoint in it signs these: it was cut off, is a choice by time, or was forged"});
    return report;
}

// The newest checkpoint: of an export that followed the log, the events of ten seconds may come behind it.
Status add_end(int fd, std::uint64_t size, const std::string& path, Exported& to) {
    for (auto part = kLastPart;; part = std::min(8 * part, kMostBehind)) {
        CHECK(add_from(fd, size - std::min<std::uint64_t>(part, size), size, path, to));
        if (!to.note.empty() || part >= size || part == kMostBehind) return {};
    }
}

// Of an export that followed the log: the checkpoints that stand in it. Between which of them a fault lies is worth another
// look at all of it.
Result<std::vector<std::string>> notes_in(const Pieces& pieces) {
    std::vector<std::string> out;
    Lines lines(pieces);
    while (const auto text = TRY(lines.next())) {
        if (!text->starts_with(kCheckpoint) || out.size() == kMostFormer) continue;
        if (const auto line = read_export_line(*text); line && line->kind == ExportLine::Kind::checkpoint)
            out.push_back(line->text);
    }
    return out;
}

// Without a key no drop is signed either: that texts are gone is then no finding.
bool says_nothing(const Report& report) {
    return std::ranges::all_of(report.problems, [](const Problem& one) { return one.kind == "missing"; });
}

} // namespace

Result<Report> examine_export(const Pieces& pieces, const Exported& exported, const Request& request) {
    Findings findings(request);
    const auto known = known_key(exported, request);
    if (exported.key || known || request.pinned) findings.take_key({}, exported.key, known);
    CHECK(findings.check_saved());
    const auto note =
        exported.note.empty() ? Result<merkle::Note>(fail(Code::not_found, "")) : merkle::parse_note(exported.note);
    const auto checkpoint =
        note ? merkle::parse_checkpoint(note->text) : Result<merkle::Checkpoint>(fail(Code::not_found, ""));
    if (!exported.note.empty()) findings.take_checkpoint(checkpoint ? checkpoint->size : 0, exported.note);
    for (const auto& former : exported.former) findings.take_former(former);
    Pass pass(findings.report(), exported.first == 1 ? findings.claims() : std::vector<Claim>(), {}, exported.first);
    Reading reading{pass, findings.report(), request.range.has_value(), {}};
    {
        Progress progress(exported.total, request.progress && exported.total > 0);
        Lines lines(pieces);
        while (const auto line = TRY(lines.next())) {
            take_line(reading, *line);
            if (reading.wrong > kMostFirst)
                return fail(Code::state_unavailable, "this is no export of owhaled's in JSON Lines");
            progress.at(pass.next() - exported.first);
        }
        if (lines.cut()) findings.report().notes.emplace_back("its last line is cut off: it was left out");
    }
    place_strange(reading, 0);
    if (!reading.problem.empty())
        return fail(Code::unreachable, "the export was not ended: " + reading.problem, "begin again");
    if (pass.next() == exported.first)
        return fail(Code::state_unavailable, "there is no event in it",
                    "name an export in JSON Lines: owhalectl audit export --file FILE");
    if (exported.last != 0 && pass.next() != exported.last + 1)
        return fail(Code::unreachable, "owhaled ended the export before event " + std::to_string(exported.last),
                    "begin again");
    if (request.range) pass.leave_missing();
    pass.finish(pass.told_drops());
    if (request.range) return findings.end_of_part(findings.newest().value_or(merkle::Checkpoint()).size);
    if (exported.first == 1) return findings.end(pass);
    if (findings.report().bad == 0)
        return fail(Code::state_unavailable,
                    "it begins with event " + with_commas(exported.first) +
                        ": its events have their hashes, and what they are in only the whole log shows",
                    "export from the first event on, or verify these in the log: owhalectl audit verify --range A..B");
    return findings.end_of_part(0);
}

Result<Report> examine_file(const std::string& path, const Request& request) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0)
        return cannot_open(path, "name an export in JSON Lines: owhalectl audit export --file FILE makes one");
    if (!S_ISREG(found.st_mode)) return fail(Code::bad_request, path + " is no plain file");
    CHECK(check_no_database(file.get(), path));
    const auto pieces = pieces_of(file.get(), path);
    auto exported = TRY(beginning_of(pieces));
    const auto rewind = [&]() -> Status {
        return ::lseek(file.get(), 0, SEEK_SET) < 0 ? Status(fail_errno(path)) : Status();
    };
    CHECK(rewind());
    CHECK(add_end(file.get(), static_cast<std::uint64_t>(found.st_size), path, exported));
    auto report = TRY(examine_export(pieces, exported, request));
    if (!report.whole) {
        CHECK(rewind());
        exported.former = TRY(notes_in(pieces));
        CHECK(rewind());
        if (exported.former.size() > 1) report = TRY(examine_export(pieces, exported, request));
    }
    if (report.key.empty() && says_nothing(report))
        return fail(Code::state_unavailable,
                    "no event in it names the key that it is signed with (retention may have dropped the first), and "
                    "owhalectl remembers none of this log",
                    "give the key with --key: owhalectl audit checkpoint --key prints it");
    return none_without_checkpoint(report);
}

} // namespace owhale::cli::verify
