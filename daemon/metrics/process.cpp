#include "metrics/process.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace owhale::metrics {

Process Process::open() {
    return {Fd(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
            Fd(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
}

std::int64_t Process::cpu_us() const {
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) != 0) return 0;
    const auto us = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
    return us(used.ru_utime) + us(used.ru_stime);
}

// The second number of the file, in pages: proc(5).
std::uint64_t Process::resident_bytes() const {
    std::array<char, 256> text{};
    const auto size = memory_ ? ::pread(memory_.get(), text.data(), text.size() - 1, 0) : -1;
    if (size <= 0) return 0;
    const char* end = text.data() + size;
    const char* at = static_cast<const char*>(std::memchr(text.data(), ' ', static_cast<std::size_t>(size)));
    std::uint64_t pages = 0;
    if (at == nullptr || std::from_chars(at + 1, end, pages).ec != std::errc{}) return 0;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// By the system call: readdir() would allocate, and its stream could not be begun anew by two that ask at once.
std::uint64_t Process::open_descriptors() const {
    if (!descriptors_ || ::lseek(descriptors_.get(), 0, SEEK_SET) != 0) return 0;
    struct alignas(8) Buffer {
        char bytes[8192];
    } buffer;
    std::uint64_t count = 0;
    for (;;) {
        const auto size = ::syscall(SYS_getdents64, descriptors_.get(), buffer.bytes, sizeof buffer.bytes);
        if (size <= 0) return size < 0 || count < 2 ? 0 : count - 2; // without . and ..
        for (long at = 0; at < size; ++count) {
            std::uint16_t length = 0; // d_reclen of linux_dirent64: getdents(2)
            std::memcpy(&length, buffer.bytes + at + 16, sizeof length);
            at += length;
        }
    }
}

std::uint64_t Process::most_descriptors() const {
    rlimit files{};
    return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

void Process::show(Exposition& out) const {
    out.begin("process_cpu_seconds");
    out.add_seconds({}, cpu_us());
    out.begin("process_resident_memory_bytes");
    out.add({}, resident_bytes());
    out.begin("process_open_fds");
    out.add({}, open_descriptors());
    out.begin("process_max_fds");
    out.add({}, most_descriptors());
}

} // namespace owhale::metrics
