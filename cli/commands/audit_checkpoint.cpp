// owhalectl audit checkpoint: the newest signed tree head, verified, to be kept where nobody on this machine can change it.
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/verify/known_logs.hpp"
#include "cli/verify/report.hpp"
#include "cli/verify/served_log.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

namespace merkle = verify::merkle;

struct Arguments {
    std::string save;
    bool key = false;
};

struct Head {
    std::string note;
    merkle::NoteKey key;
    merkle::Checkpoint checkpoint;
};

Result<Head> newest(Context& context) {
    auto served = TRY(verify::served_head(context));
    auto key = TRY(merkle::parse_vkey(served.key));
    auto checkpoint = TRY(merkle::verify(served.note, key));
    return Head{std::move(served.note), std::move(key), std::move(checkpoint)};
}

std::unexpected<Error> not_after(const merkle::Checkpoint& before, const merkle::Checkpoint& now,
                                 const std::string& where) {
    const bool older = now.size < before.size;
    return fail(
        Code::digest_mismatch,
        older ? "the log was put back: it has " + std::to_string(now.size) + " events, and " + where + " is over " +
                    std::to_string(before.size)
              : "the log was made anew: the first " + std::to_string(before.size) +
                    " events are other ones than those that " + where + " was signed over",
        "find out who did that, with the log's machine in the hands of nobody who could have: owhalectl audit verify");
}

Status held_against(Context& context, const merkle::Checkpoint& before, const Head& now, const std::string& where) {
    if (TRY(verify::goes_on(context, before, now.checkpoint))) return {};
    return not_after(before, now.checkpoint, where);
}

// What the file holds; nothing when it is not there.
Result<std::optional<std::string>> saved_in(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file && errno == ENOENT) return std::nullopt;
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0) return fail_errno(path);
    if (!S_ISREG(found.st_mode)) return fail(Code::bad_request, path + " is no plain file", "name another file");
    return TRY(read_all(file.get(), path, merkle::kLargestNote));
}

// A checkpoint of this log that is there already has to be one of its past.
Status follows_saved(Context& context, const std::string& path, const Head& now) {
    const auto text = TRY(saved_in(path));
    if (!text) return {};
    const auto before = merkle::verify(*text, now.key);
    if (!before)
        return fail(Code::digest_mismatch,
                    path + " is not replaced: it is no checkpoint that this log's key has signed (" +
                        before.error().message + ")",
                    "look at it; save under another name");
    return held_against(context, *before, now, path);
}

Status save(Context& context, const std::string& path, const Head& head) {
    CHECK(follows_saved(context, path, head));
    const auto for_all = [&path](int fd) { return ::fchmod(fd, 0644) == 0 ? Status{} : fail_errno(path); };
    CHECK(replace_file(path, head.note, for_all));
    if (context.globals().quiet) return {};
    const auto ctl = "owhalectl" + options_for(TRY(context.where()));
    note(
        "saved: the tree of " + verify::with_commas(head.checkpoint.size) +
        " events. Take it off this machine. Later, for whoever may read all of the log (root, an auditor, an admin): " +
        ctl + " audit verify --checkpoint " + quoted(path) + " --key " + merkle::to_vkey(head.key) +
        "; for everybody, whether the log still goes on from it: " + ctl + " audit checkpoint --save " + quoted(path));
    return {};
}

Result<int> checkpoint(Context& context, const Arguments& arguments) {
    const auto head = TRY(newest(context));
    if (const auto known = TRY(verify::known_checkpoint(head.key)))
        CHECK(held_against(context, *known, head, "the checkpoint that owhalectl remembers"));
    if (const auto kept = verify::remember(head.key, head.note); !kept)
        note("this checkpoint is not remembered: " + kept.error().message);
    if (!arguments.save.empty()) CHECK(save(context, arguments.save, head));
    if (context.look().format != Format::table) {
        verify::Report told{.whole = true,
                            .last = head.checkpoint.size,
                            .origin = head.key.name,
                            .key = merkle::to_vkey(head.key),
                            .key_from = "owhaled",
                            .signed_size = head.checkpoint.size,
                            .note = head.note};
        CHECK(print(json_text(context.look(), to_json(told))));
    } else if (arguments.key) {
        CHECK(print(merkle::to_vkey(head.key) + "\n"));
    } else if (arguments.save.empty()) {
        CHECK(print(head.note));
    }
    return kOk;
}

} // namespace

void declare_audit_checkpoint(Command audit) {
    auto command = audit.sub("checkpoint", "Print the newest signed tree head, to be kept elsewhere");
    auto arguments = std::make_shared<Arguments>();
    command.option("--save", arguments->save, "FILE", "into this file; one that is there has to be of this log's past",
                   Kind::file);
    command.flag("--key", arguments->key, "print the key to verify it with, instead");
    command.handler([arguments](Context& context) { return checkpoint(context, *arguments); });
}

} // namespace owhale::cli
