#include "store/log_room.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/fd.hpp"

namespace owhale::store {
namespace {

constexpr off_t kRoom = 32 + 1000 * (4096 + 24); // header and frames
constexpr std::size_t kPiece = 256u << 10;

} // namespace

void make_log_room(const std::string& path) {
    // SQLite holds no lock on this file, which closing it would let go.
    const Fd log(::open((path + "-wal").c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat st{};
    if (!log || ::fstat(log.get(), &st) != 0 || !S_ISREG(st.st_mode)) return;
    // Not a hole, nor blocks that are only reserved: what is written first would change the inode again.
    const std::vector<char> zeros(kPiece);
    for (off_t at = st.st_size; at < kRoom;) {
        const auto piece = std::min(static_cast<off_t>(kPiece), kRoom - at);
        const auto n = ::pwrite(log.get(), zeros.data(), static_cast<std::size_t>(piece), at);
        if (n <= 0) return;
        at += n;
    }
    ::fdatasync(log.get());
}

} // namespace owhale::store
