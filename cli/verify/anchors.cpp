#include "cli/verify/anchors.hpp"

#include <boost/json/parse.hpp>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/owners.hpp"
#include "cli/whole_files.hpp"

extern char** environ;

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostHeads = std::size_t{1} << 20; // two years of them
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kMostJournal = std::size_t{256} << 20;
constexpr std::size_t kLongestFirst = 1024;
constexpr int kJournalSeconds = 30;
constexpr std::string_view kFirst = "# owhaled heads 1 ";
constexpr auto kMessage = "MESSAGE_ID=6f1b8a5cf0a34d0f8c0a3f6f4f0d6a11"; // of a checkpoint, in owhaled's copies

std::string_view next_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::optional<merkle::Checkpoint> head_of(std::string_view line, const std::string& origin) {
    const auto size = next_word(line), root = next_word(line);
    merkle::Checkpoint out{.origin = origin};
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), out.size);
    const auto hash = merkle::hash_from_base64(root);
    if (error != std::errc() || end != size.data() + size.size() || !hash || line.empty()) return {};
    out.root = *hash;
    return out;
}

// A line that was cut off by a loss of power is none.
void add_heads(std::string_view text, Kept::Log& log) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == text.npos) return;
        if (auto head = head_of(text.substr(0, end), log.key.name)) log.checkpoints.push_back(std::move(*head));
        text.remove_prefix(end + 1);
    }
    if (log.checkpoints.size() <= kMostHeads) return;
    std::size_t kept = 0; // every second one, from all the time that there is
    for (std::size_t i = 0; i < log.checkpoints.size(); i += 2) log.checkpoints[kept++] = log.checkpoints[i];
    log.checkpoints.resize(kept);
}

std::optional<merkle::NoteKey> key_of(std::string_view first) {
    if (!first.starts_with(kFirst)) return {};
    first.remove_prefix(kFirst.size());
    next_word(first);
    auto key = merkle::parse_vkey(first);
    return key ? std::optional(std::move(*key)) : std::nullopt;
}

// All of it: a broker that was taken over would have had the last heads alone say what it likes.
Status add_lines(int fd, const std::string& path, Kept::Log& log) {
    if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno(path);
    std::string text, piece(kPiece, '\0');
    for (;;) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(path);
        if (count == 0 || text.size() > kPiece) return {};
        text.append(piece, 0, static_cast<std::size_t>(count));
        const auto whole = text.rfind('\n') + 1; // 0 without one
        add_heads(std::string_view(text).substr(0, whole), log);
        text.erase(0, whole);
    }
}

Status add_file(const std::string& path, Kept& kept) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0) return fail_errno(path);
    if (!S_ISREG(found.st_mode)) return fail(Code::system, path + " is no plain file");
    kept.roots = is_alone(found, 0);
    if (found.st_uid != 0)
        kept.where += " (uid " + std::to_string(found.st_uid) + "'s, who can change it, and not root's)";
    std::string first(kLongestFirst, '\0');
    const auto count = ::read(file.get(), first.data(), first.size());
    first.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (first.empty()) return fail(Code::system, path + " holds no tree head yet");
    auto key = key_of(std::string_view(first).substr(0, first.find('\n')));
    if (!key) return fail(Code::system, path + " is no file of owhaled's tree heads");
    Kept::Log log{std::move(*key), {}};
    CHECK(add_lines(file.get(), path, log));
    kept.logs.push_back(std::move(log));
    return {};
}

// --- journalctl

std::string read_for(int fd, pid_t child) {
    std::string out;
    std::array<char, 65536> piece;
    pollfd one{fd, POLLIN, 0};
    while (out.size() < kMostJournal && ::poll(&one, 1, kJournalSeconds * 1000) > 0) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return out;
        out.append(piece.data(), static_cast<std::size_t>(count));
    }
    ::kill(child, SIGKILL);
    return out;
}

// Nobody but root can put another in its place.
bool is_roots(const std::string& path) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 && is_alone(found, 0);
}

// Root may have the PATH of whoever it was before (su), and runs nothing out of a folder of theirs; "" for none.
std::string journalctl_path() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(':'), rest.size());
        const std::string folder(rest.substr(0, end)), program = folder + "/journalctl";
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!folder.starts_with('/') || ::access(program.c_str(), X_OK) != 0) continue;
        if (::geteuid() != 0 || (is_roots(folder) && is_roots(program))) return program;
    }
    return "";
}

// What journalctl prints of checkpoints that `sender` told it, whose uid journald itself writes down; or anybody. Nothing
// when there is none, or it fails.
std::optional<std::string> journalctl(std::optional<uid_t> sender) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    const Fd out(ends[0]);
    Fd in(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const auto program = journalctl_path();
    const auto by = "_UID=" + std::to_string(sender.value_or(0));
    const std::array<const char*, 8> words = {"journalctl",
                                              kMessage,
                                              "--output=json",
                                              "--no-pager",
                                              "--quiet",
                                              "--output-fields=OWHALED_CHECKPOINT",
                                              sender ? by.c_str() : nullptr,
                                              nullptr};
    pid_t child = 0;
    const int failed = program.empty() ? ENOENT
                                       : ::posix_spawn(&child, program.c_str(), &actions, nullptr,
                                                       const_cast<char* const*>(words.data()), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return {};
    in.reset();
    auto text = read_for(out.get(), child);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    // Of more than that the beginning counts: others may have told the journal much since.
    return status == 0 || text.size() >= kMostJournal ? std::optional(std::move(text)) : std::nullopt;
}

std::string field(const boost::json::object& entry, std::string_view name) {
    const auto* value = entry.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Anybody may tell the journal anything: what counts is the note, which the log's key has signed.
void add_entry(std::string_view line, Kept& kept) {
    boost::system::error_code error;
    const auto entry = boost::json::parse(line, error);
    if (error || !entry.is_object()) return;
    if (auto note = field(entry.get_object(), "OWHALED_CHECKPOINT"); !note.empty())
        kept.notes.push_back(std::move(note));
}

void add_entries(std::string_view text, Kept& kept) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        add_entry(text.substr(0, end), kept);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

} // namespace

Kept heads_in(const std::string& path) {
    Kept kept{.name = "heads", .where = path, .of_this_log = true};
    if (const auto read = add_file(path, kept); !read)
        kept.absent = read.error().message +
                      (read.error().errnum != 0 ? std::string(": ") + ::strerror(read.error().errnum) : "");
    return kept;
}

// What others tell the journal could push the log's own out of what is read.
Kept heads_in_journal(std::optional<uid_t> broker, bool surely) {
    Kept kept{.name = "journal", .where = "the system's journal", .by_key = true};
    if (broker) add_entries(journalctl(broker).value_or(""), kept);
    if (surely && !kept.notes.empty()) return kept;
    const auto text = journalctl({}); // of a copy the owner is another
    if (!text) kept.absent = "journalctl is not there, or may not read it";
    add_entries(text.value_or(""), kept);
    return kept;
}

Result<Kept> checkpoint_in(const std::string& path) {
    Kept kept{.name = "checkpoint", .where = path, .of_this_log = true};
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return cannot_open(path, "name a checkpoint that was kept: owhalectl audit checkpoint --save FILE");
    kept.notes.push_back(TRY(read_all(file.get(), path, merkle::kLargestNote)).value_or(""));
    const auto note = TRY(merkle::parse_note(kept.notes.front()));
    CHECK(merkle::parse_checkpoint(note.text));
    return kept;
}

} // namespace owhale::cli::verify
