#include "cli/verify/journal.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/owners.hpp"

extern char** environ;

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostJournal = std::size_t{256} << 20;
constexpr int kJournalSeconds = 30;
constexpr auto kMessage = "MESSAGE_ID=6f1b8a5cf0a34d0f8c0a3f6f4f0d6a11"; // of a checkpoint, in owhaled's copies

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

} // namespace owhale::cli::verify
