#include "anchors.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "audit/journal_entry.hpp"
#include "audit/merkle/damaged_copy.hpp"
#include "audit/merkle/note.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/whole_seconds.hpp"
#include "store/database.hpp"
#include "store/failure.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kEvery = (wire::kHeadEvery + 1) * kSecond; // the spawner's minute began a moment later

std::string origin_of(std::string_view vkey) {
    return std::string(vkey.substr(0, vkey.find('+')));
}

std::string when(std::int64_t seconds) {
    return whole_seconds(rfc3339(seconds * 1'000'000));
}

// A command of an error, on a line of its own.
std::string aside(const std::string& path) {
    return "\n  mv " + path + " " + path + ".old";
}

std::unexpected<Error> refuse(const std::string& what, const std::string& path) {
    return fail(Code::state_unavailable, what,
                "this is evidence: copy the state folder and the heads away as they are, before anything else\n"
                "put the right audit.db back\n"
                "or, if this is meant, move the heads away, as root (the next start notes in the log that its anchor "
                "was missing):" +
                    aside(path));
}

// A line of the file, and not the log: no other log has a root that is nearly this one's.
std::unexpected<Error> refuse_damaged(std::uint64_t size, const std::string& path) {
    return fail(
        Code::state_unavailable,
        "the last head in " + path + ", of " + std::to_string(size) +
            " events, is damaged: its root is the log's but for some "
            "characters\nit is no evidence that the log was changed; who or what changed that line?",
        "look at the line and its disk, and hold the log against it and what else is kept: owhalectl audit verify\n"
        "then move the heads away, as root (the next start notes in the log that its anchor was missing):" +
            aside(path));
}

std::string head_of(const wire::HeadFile& file, const std::string& path) {
    return "the head of " + std::to_string(file.size) + " events that was kept at " + when(file.time) + " in " + path;
}

bool is_there(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0 || errno != ENOENT;
}

// All of an old log, or its key would sign a new one that is not its continuation, under the same name.
std::string all_aside(const std::string& state_dir, const wire::HeadFile& file, const std::string& heads) {
    std::string commands;
    for (const auto* name : {"/audit.db", "/audit.db-wal", "/audit.key"})
        if (is_there(state_dir + name)) commands += aside(state_dir + name);
    if (file.count != 0) commands += aside(heads);
    return commands;
}

std::unexpected<Error> gone(const std::string& what, const std::string& was, const std::string& state_dir,
                            const wire::HeadFile& file, const std::string& heads) {
    const auto known = file.count != 0 ? head_of(file, heads) : "the key of one, " + state_dir + "/audit.key";
    return fail(Code::state_unavailable,
                what + "\nthere is " + known + ": the audit log was " + was + "\nthe folder is left as it is",
                "copy what is left of the state folder, and the heads, away as they are, before anything else\n"
                "put the right audit.db back\n"
                "or, if a new log is to begin, move all of the old one away, as root:" +
                    all_aside(state_dir, file, heads));
}

Result<bool> has_identity(const std::string& log) {
    auto database = TRY(store::Database::open_to_read(log));
    auto table = TRY(database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity'"));
    auto found = table.with();
    if (!TRY(found.next())) return false;
    auto find = TRY(database.prepare("SELECT 1 FROM identity"));
    auto row = find.with();
    return row.next();
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace

Status expect_log(const wire::HeadFile& file, const std::string& state_dir, const std::string& path) {
    const auto log = state_dir + "/audit.db";
    struct stat st{};
    const bool there = ::stat(log.c_str(), &st) == 0;
    const bool is_gone = there ? st.st_size == 0 : errno == ENOENT;
    if (!is_gone || (file.count == 0 && !is_there(state_dir + "/audit.key"))) return {};
    return gone(log + (there ? " has not one byte" : " is not there"), there ? "emptied" : "removed", state_dir, file,
                path);
}

Status expect_identity(const wire::HeadFile& file, const std::string& state_dir, const std::string& path) {
    const auto log = state_dir + "/audit.db";
    if (file.count == 0) return {};
    const auto has = has_identity(log);
    if (!has || *has) return {}; // what cannot be read is told by who opens it
    return gone(log + " is a database without the identity that owhaled gives each log", "emptied or replaced",
                state_dir, file, path);
}

Error also_of_heads(Error error, const wire::HeadFile& file, const std::string& path) {
    if (error.step != store::kDamaged || file.count == 0) return error;
    error.next +=
        "\nthere is " + head_of(file, path) +
        ", and without that log nothing starts: for a new one move the heads away, too, as root:" + aside(path);
    return error;
}

Anchors::Anchors(Parts parts) : parts_(std::move(parts)), timer_(parts_.executor) {
    kept_ = {parts_.file.size, parts_.file.time, parts_.file.count, parts_.file.err};
}

Status Anchors::compare(std::uint64_t size, const std::optional<audit::merkle::Hash>& root) const {
    const auto& file = parts_.file;
    if (file.count == 0) return {};
    const std::string theirs = file.vkey;
    const auto head = head_of(file, parts_.path);
    if (theirs != parts_.vkey)
        return refuse("this audit log (" + origin_of(parts_.vkey) + ") is not the one of " + head + " (" +
                          origin_of(theirs) + ")\nlog or key were put there by others, or begun anew",
                      parts_.path);
    if (size < file.size || !root)
        return refuse("the audit log has " + std::to_string(size) + " events, and is shorter than " + head +
                          "\nit was cut off, or an older copy was put back",
                      parts_.path);
    audit::merkle::Hash kept;
    std::ranges::copy(file.root, kept.begin());
    if (audit::merkle::is_damaged_copy(kept, *root)) return refuse_damaged(file.size, parts_.path);
    if (kept != *root)
        return refuse("the first " + std::to_string(file.size) + " events of the audit log are others than those of " +
                          head + "\nit was changed",
                      parts_.path);
    return {};
}

std::string Anchors::missing(std::uint64_t size) const {
    const auto& file = parts_.file;
    if (file.count != 0 && file.err == 0) return {};
    if (file.err == 0) return size == 0 ? "" : parts_.path + " holds no head: it is new, or was moved away";
    return parts_.path + " cannot be " + (file.count != 0 ? "written: " : "used: ") + std::strerror(file.err);
}

void Anchors::take(audit::Signed head) {
    if (ended_) return;
    newest_ = std::move(head);
    untold_ = true;
    if (!std::exchange(armed_, true)) arm();
}

void Anchors::arm() {
    const auto now = monotonic_ns();
    timer_.expires_after(
        std::chrono::nanoseconds(told_ns_ == 0 ? 0 : std::max<std::int64_t>(told_ns_ + kEvery - now, 0)));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !ended_) asio::co_spawn(parts_.executor, tell(), rethrow);
    });
}

awaitable<void> Anchors::tell() {
    const auto head = *newest_; // another one may come meanwhile
    untold_ = false;
    told_ns_ = monotonic_ns();
    copy(head);
    co_await keep(head, false);
    armed_ = untold_;
    if (armed_) arm();
}

awaitable<void> Anchors::finish(audit::Signed head) {
    ended_ = true;
    timer_.cancel();
    newest_ = head;
    copy(head);
    co_await keep(head, true);
}

awaitable<void> Anchors::keep(const audit::Signed& head, bool final) {
    wire::AuditHead message{};
    message.size = head.size;
    std::ranges::copy(head.root, message.root);
    parts_.vkey.copy(message.vkey, sizeof message.vkey - 1);
    message.final = final ? 1 : 0;
    const auto answer = co_await parts_.spawner.keep_head(message);
    const int err = answer ? *answer : EIO;
    if (err == EAGAIN) { // an owhaled before this one had a minute of its own
        untold_ = true;
        co_return;
    }
    if (err == 0) {
        if (head.size != kept_.size) ++kept_.heads;
        kept_.size = head.size;
        kept_.time = wall_clock_us() / 1'000'000;
    }
    if (err != 0 && !std::exchange(warned_, true))
        log::error("the spawner keeps no head of the audit log", {{"why", std::strerror(err)}, {"file", parts_.path}});
    if (err == 0) warned_ = false;
    kept_.err = err == ENODEV ? parts_.file.err : err;
}

void Anchors::copy(const audit::Signed& head) {
    if (parts_.journal == nullptr) return;
    const audit::JournalHead entry{origin_of(parts_.vkey), audit::merkle::to_base64(head.root), head.note, head.size};
    journal_err_ = parts_.journal->send(audit::entry_of(entry));
    if (journal_err_ == 0) journal_time_ = wall_clock_us() / 1'000'000;
}

} // namespace owhale
