#include "spawner/heads.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "spawner/head_lines.hpp"
#include "spawner/policy_folder.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kLargest = 1ll << 30; // bytes: a head a minute for twenty years
constexpr std::size_t kPiece = 64u << 10;    // read at once
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr int kOpen = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY; // a fifo does not hold us up

// What the lines of a file tell, one after the other.
struct Reading {
    wire::HeadFile found{};
    std::string rest;   // of a line whose end has not come yet
    bool begun = false; // as a file of heads begins, be it cut off

    void line(std::string_view text) {
        if (found.vkey[0] == '\0') {
            if (const auto vkey = read_first_line(text)) std::memcpy(found.vkey, vkey->c_str(), vkey->size() + 1);
        } else if (const auto head = read_head_line(text)) {
            ++found.count;
            found.size = head->size;
            found.time = head->time;
            std::ranges::copy(head->root, found.root);
        }
    }
    void piece(std::string_view text) {
        if (found.bytes == 0) begun = kFirstLine.starts_with(text.substr(0, kFirstLine.size()));
        found.bytes += text.size();
        for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
            rest.append(text.substr(0, std::min(end, kLongestHeadLine)));
            line(rest);
            rest.clear();
            text.remove_prefix(end + 1);
        }
        rest.append(text.substr(0, kLongestHeadLine - std::min(rest.size(), kLongestHeadLine)));
    }
};

} // namespace

Heads Heads::open(const std::string& path, bool rootless) {
    Heads heads;
    heads.found_.err = path.empty() ? ENOENT : heads.take(path, rootless);
    heads.writable_ = heads.found_.err == 0;
    return heads;
}

std::int32_t Heads::take(const std::string& path, bool rootless) {
    const auto slash = path.rfind('/');
    const Fd folder(::open(path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st{};
    if (!folder || ::fstat(folder.get(), &st) != 0) return errno;
    if (!is_only_ours(st, rootless)) return EPERM;
    const auto* name = path.c_str() + slash + 1;
    std::int32_t err = 0;
    file_.reset(::openat(folder.get(), name, O_RDWR | O_APPEND | O_CREAT | kOpen, 0644));
    if (!file_) {
        err = errno;
        file_.reset(::openat(folder.get(), name, O_RDONLY | kOpen));
    }
    if (!file_) return err;
    if (::fstat(file_.get(), &st) != 0) return errno;
    if (!S_ISREG(st.st_mode) || !is_only_ours(st, rootless)) return EPERM;
    if (st.st_size > kLargest) return EFBIG;
    const auto unread = read();
    return unread != 0 ? unread : err;
}

std::int32_t Heads::read() {
    Reading reading;
    std::string piece(kPiece, '\0');
    for (;;) {
        const auto n = ::read(file_.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) break;
        reading.piece(std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
    }
    torn_ = !reading.rest.empty();
    found_ = reading.found;
    const auto age = wall_clock_us() / 1'000'000 - found_.time;
    if (found_.count != 0 && age >= 0 && age < wire::kHeadEvery)
        not_before_ = monotonic_ns() + (wire::kHeadEvery - age) * kSecond;
    return found_.bytes == 0 || found_.vkey[0] != '\0' || reading.begun ? 0 : EBADMSG;
}

// Whether it may be kept, whatever the time.
std::int32_t Heads::judge(const wire::AuditHead& head) const {
    const auto vkey = vkey_of(head.vkey);
    if (vkey.empty() || head.size == 0 || head.size > wire::kMaxLogSize || head.final > 1) return EINVAL;
    if (found_.err != 0) return ENODEV;
    if (found_.vkey[0] != '\0' && vkey != found_.vkey) return EXDEV;
    const bool same = std::ranges::equal(head.root, found_.root);
    if (found_.count != 0 && (head.size < found_.size || (head.size == found_.size && !same))) return ESTALE;
    return 0;
}

std::int32_t Heads::keep(const wire::AuditHead& head) {
    const auto err = judge(head);
    tell(err);
    if (err != 0) return err;
    const bool known = found_.count != 0 && head.size == found_.size;
    if (!known && (ended_ || (head.final == 0 && monotonic_ns() < not_before_))) return EAGAIN;
    ended_ = ended_ || head.final != 0;
    return known ? 0 : write(head);
}

// One write: what the disk takes of it ends in a line or is closed by the next one.
std::int32_t Heads::write(const wire::AuditHead& head) {
    not_before_ = monotonic_ns() + wire::kHeadEvery * kSecond;
    const auto now = wall_clock_us() / 1'000'000;
    const auto vkey = vkey_of(head.vkey);
    const auto text = (torn_ ? "\n" : "") + (found_.vkey[0] == '\0' ? first_line(vkey) : "") + head_line(head, now);
    const auto n = ::write(file_.get(), text.data(), text.size());
    if (n < 0) return errno;
    found_.bytes += static_cast<std::uint64_t>(n);
    torn_ = static_cast<std::size_t>(n) != text.size();
    if (torn_) return ENOSPC;
    std::memcpy(found_.vkey, vkey.data(), vkey.size());
    found_.vkey[vkey.size()] = '\0';
    ++found_.count;
    found_.size = head.size;
    found_.time = now;
    std::ranges::copy(head.root, found_.root);
    return 0;
}

void Heads::tell(std::int32_t err) {
    auto& told = err == ESTALE ? told_shorter_ : told_other_;
    if ((err != ESTALE && err != EXDEV) || told) return;
    told = true;
    std::fprintf(stderr, "<3>owhale-spawner: the broker tells of an audit log that %s: it is refused\n",
                 err == ESTALE ? "does not continue the last head that was kept" : "is not the one of the kept heads");
}

} // namespace owhale::spawner
