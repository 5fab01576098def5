#include "store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "base/files.hpp"
#include "store/failure.hpp"

namespace owhale::store {
namespace {

std::string holder(int fd) {
    const auto text = read_all(fd, 64);
    return text && !text->empty() ? text->substr(0, text->find('\n')) : "of an unknown number";
}

} // namespace

Result<Fd> lock_state(const std::string& dir) {
    const auto path = dir + "/lock";
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd) return cannot_open(path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return cannot_open(path, errno);
        return fail(Code::conflict, "another owhaled, process " + holder(fd.get()) + ", uses " + dir,
                    "end it first, or give this one its own --state-dir");
    }
    if (::ftruncate(fd.get(), 0) != 0) return cannot_open(path, errno);
    if (auto written = write_all(fd.get(), std::to_string(::getpid()) + "\n"); !written)
        return cannot_open(path, written.error().errnum);
    return fd;
}

} // namespace owhale::store
