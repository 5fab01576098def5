#include "cli/verify/heads.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/owners.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostHeads = std::size_t{1} << 20; // two years of them
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kLongestFirst = 1024;
constexpr std::size_t kMostDamaged = 20; // lines that are told
constexpr std::size_t kRootText = 44;    // base64 of 32 bytes
constexpr std::string_view kFirst = "# owhaled heads 1 ";
constexpr std::string_view kTime = "0000-00-00T00:00:00Z"; // 0: any digit
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

std::string_view next_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// As a time begins, be it cut off.
bool begins_time(std::string_view text) {
    if (text.size() > kTime.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (kTime[i] == '0' ? !is_digit(text[i]) : text[i] != kTime[i]) return false;
    return true;
}

// The beginning of a line, or the zeros that a file system puts where nothing came to the disk.
bool is_cut_off(std::string_view line) {
    if (line.contains('\0') || line.empty()) return true;
    const auto size = next_word(line), root = next_word(line);
    if (!std::ranges::all_of(size, is_digit) || root.find_first_not_of(kBase64) != root.npos) return false;
    return line.empty() ? root.size() <= kRootText
                        : root.size() == kRootText && line.size() < kTime.size() && begins_time(line);
}

// What is wrong with a line that is no head; "" of one.
std::string head_of(std::string_view line, merkle::Checkpoint& out) {
    const auto size = next_word(line), root = next_word(line);
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), out.size);
    if (error != std::errc() || end != size.data() + size.size() || out.size == 0)
        return "it does not begin with a number of events";
    const auto hash = merkle::hash_from_base64(root);
    if (!hash) return "its root is not 32 bytes in base64";
    if (line.size() != kTime.size() || !begins_time(line)) return "it does not end with a time";
    out.root = *hash;
    return "";
}

class Reading {
public:
    Reading(Kept::Log& log, Kept& kept) : log_(log), kept_(kept) {}

    // With its end. The first one names the log.
    void line(std::string_view text) {
        if (++number_ == 1) return;
        merkle::Checkpoint head{.origin = log_.key.name};
        const auto wrong = head_of(text, head);
        if (!wrong.empty() && is_cut_off(text)) return;
        if (!wrong.empty()) return damaged("line " + std::to_string(number_) + " is damaged: " + wrong);
        if (head.size < before_.size) tell_order(head.size);
        if (head.size >= before_.size) keep(head);
        before_ = {number_, head.size};
    }

private:
    struct Before {
        std::uint64_t line = 0, size = 0;
    };
    void damaged(std::string what) {
        if (kept_.damaged.size() < kMostDamaged) kept_.damaged.push_back(std::move(what));
    }
    // The spawner keeps none of fewer events than the one before: which of the two is wrong nobody can tell.
    void tell_order(std::uint64_t size) {
        damaged("line " + std::to_string(before_.line) + " or " + std::to_string(number_) + " is damaged: first " +
                std::to_string(before_.size) + " events, then " + std::to_string(size));
        if (log_.lines.empty() || log_.lines.back() != before_.line) return;
        log_.lines.pop_back();
        log_.checkpoints.pop_back();
    }
    void keep(const merkle::Checkpoint& head) {
        log_.checkpoints.push_back(head);
        log_.lines.push_back(number_);
        if (log_.checkpoints.size() <= kMostHeads) return;
        std::size_t kept = 0; // every second one, from all the time that there is
        for (std::size_t i = 0; i < log_.checkpoints.size(); i += 2, ++kept) {
            log_.checkpoints[kept] = log_.checkpoints[i];
            log_.lines[kept] = log_.lines[i];
        }
        log_.checkpoints.resize(kept);
        log_.lines.resize(kept);
    }

    Kept::Log& log_;
    Kept& kept_;
    std::uint64_t number_ = 0;
    Before before_;
};

std::optional<merkle::NoteKey> key_of(std::string_view first) {
    if (!first.starts_with(kFirst)) return {};
    first.remove_prefix(kFirst.size());
    next_word(first);
    auto key = merkle::parse_vkey(first);
    return key ? std::optional(std::move(*key)) : std::nullopt;
}

// All of it: a broker that was taken over would have had the last heads alone say what it likes. What has no end is none.
Status add_lines(int fd, const std::string& path, Reading reading) {
    if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno(path);
    std::string text, piece(kPiece, '\0');
    for (;;) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(path);
        if (count == 0 || text.size() > kPiece) return {};
        text.append(piece, 0, static_cast<std::size_t>(count));
        std::size_t at = 0;
        for (auto end = text.find('\n'); end != text.npos; at = end + 1, end = text.find('\n', at))
            reading.line(std::string_view(text).substr(at, end - at));
        text.erase(0, at);
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
    if (!key && !first.contains('\n')) return fail(Code::system, path + " holds no whole line yet");
    if (!key) {
        kept.damaged.emplace_back("line 1 is damaged: it is not how a file of owhaled's tree heads begins");
        return {};
    }
    Kept::Log log{std::move(*key), {}, {}};
    CHECK(add_lines(file.get(), path, Reading(log, kept)));
    kept.logs.push_back(std::move(log));
    return {};
}

} // namespace

Kept heads_in(const std::string& path) {
    Kept kept{.name = "heads", .where = path, .of_this_log = true};
    if (const auto read = add_file(path, kept); !read)
        kept.absent = read.error().message +
                      (read.error().errnum != 0 ? std::string(": ") + ::strerror(read.error().errnum) : "");
    return kept;
}

} // namespace owhale::cli::verify
