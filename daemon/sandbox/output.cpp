#include "sandbox/output.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::uint64_t kMagic = 0x31544f5755414857; // "WHAUWOT1"
constexpr std::uint64_t kDataAt = 64;
constexpr std::uint64_t kMaxKept = std::uint64_t{1} << 40;

struct FileHeader {
    std::uint64_t magic, head, tail, length, kept_end;
};

bool pwrite_all(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return true;
}

} // namespace

Output::Output(std::string path, std::uint64_t keep) : path_(std::move(path)) {
    keep = std::clamp(keep, kLeastKept, kMaxKept);
    head_ = keep / 2;
    tail_ = keep - head_;
}

Result<Output> Output::open(const std::string& path) {
    Output out;
    out.path_ = path;
    out.file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!out.file_) return fail(Code::not_found, "no output is kept of this stream");
    FileHeader header{};
    if (::pread(out.file_.get(), &header, sizeof header, 0) != sizeof header || header.magic != kMagic ||
        header.tail == 0 || header.head + header.tail > kMaxKept || header.kept_end > header.length)
        return fail(Code::state_unavailable, "the kept output is damaged");
    out.head_ = header.head;
    out.tail_ = header.tail;
    out.length_ = header.length;
    out.kept_end_ = header.kept_end;
    return out;
}

bool Output::make_file() {
    if (::mkdir(std::string(parent(path_)).c_str(), 0700) != 0 && errno != EEXIST) return false;
    file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    return static_cast<bool>(file_);
}

bool Output::write_header() const {
    const FileHeader header{kMagic, head_, tail_, length_, kept_end_};
    return pwrite_all(file_.get(), {reinterpret_cast<const char*>(&header), sizeof header}, 0);
}

// `bytes` must not cross the end of the head or of the ring.
bool Output::write_at(std::uint64_t offset, std::string_view bytes) {
    const auto at = offset < head_ ? offset : head_ + (offset - head_) % tail_;
    return pwrite_all(file_.get(), bytes, kDataAt + at);
}

bool Output::store(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto room = kept_end_ < head_ ? head_ - kept_end_ : tail_ - (kept_end_ - head_) % tail_;
        const auto part = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), room));
        if (!write_at(kept_end_, part)) return false;
        kept_end_ += part.size();
        bytes.remove_prefix(part.size());
    }
    return write_header();
}

void Output::append(std::string_view bytes) {
    length_ += bytes.size();
    if (!broken_ && ((!file_ && !make_file()) || !store(bytes))) {
        broken_ = true;
        log::error("output cannot be kept", {{"file", path_}, {"why", std::strerror(errno)}});
        window_.assign(bytes);
        return;
    }
    if (!broken_) return;
    window_ += bytes;
    if (window_.size() > 4 * reach()) window_.erase(0, window_.size() - 2 * reach());
}

std::string Output::read_file(std::uint64_t offset, std::size_t limit) const {
    const auto room = offset < head_ ? head_ - offset : tail_ - (offset - head_) % tail_;
    std::string bytes(std::min<std::uint64_t>({limit, room, kept_end_ - offset}), '\0');
    const auto at = offset < head_ ? offset : head_ + (offset - head_) % tail_;
    const auto n = ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(kDataAt + at));
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
}

Output::Slice Output::read(std::uint64_t offset, std::size_t limit) const {
    Slice slice;
    if (offset >= head_end() && offset < tail_start()) offset = tail_start();
    const auto window_start = length_ - window_.size();
    if (offset >= kept_end_ && offset < window_start) offset = window_start;
    slice.offset = std::min(offset, length_);
    while (slice.bytes.size() < limit) {
        const auto at = slice.offset + slice.bytes.size();
        if (at >= kept_end_ || (at >= head_end() && at < tail_start())) break;
        const auto part = read_file(at, limit - slice.bytes.size());
        if (part.empty()) break;
        slice.bytes += part;
    }
    if (slice.bytes.empty() && !window_.empty() && slice.offset >= window_start)
        slice.bytes = window_.substr(slice.offset - window_start, limit);
    return slice;
}

} // namespace owhale::sandbox
