#include "spawner/filter_builder.hpp"

#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/sha256.hpp"

namespace owhale::spawner {

FilterBuilder::FilterBuilder(std::uint32_t fallback) : context_(::seccomp_init(fallback), &::seccomp_release) {
    if (!context_) err_ = ENOMEM;
    answers_.fill(fallback);
    // Another architecture's entry (int 0x80, x32) is answered as an unknown call, never as ours.
    keep(::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)));
}

bool FilterBuilder::answer(int number, std::uint32_t is) {
    if (number >= kNumbersTried) {
        keep(-ERANGE);
        return false;
    }
    const auto at = static_cast<std::size_t>(number);
    if (answered_[at] && answers_[at] != is) {
        keep(-EEXIST);
        return false;
    }
    answered_[at] = true;
    answers_[at] = is;
    return true;
}

Result<Filter> FilterBuilder::finish(std::string name, std::vector<sock_filter> prelude) {
    if (err_ != 0) return fail_errno("seccomp filter " + name, err_);
    const Fd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!file) return fail_errno("memfd_create");
    if (const auto err = ::seccomp_export_bpf(context_.get(), file.get()); err < 0)
        return fail_errno("seccomp filter " + name, -err);
    const auto size = ::lseek(file.get(), 0, SEEK_END);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    if (::pread(file.get(), bytes.data(), bytes.size(), 0) != size || bytes.size() % sizeof(sock_filter) != 0)
        return fail_errno("seccomp filter " + name, EIO);
    Filter filter{std::move(name), std::move(prelude), {}};
    const auto tree = number_tree(answers_, ::seccomp_arch_native());
    filter.program.insert(filter.program.end(), tree.begin(), tree.end());
    const auto before = filter.program.size();
    filter.program.resize(before + bytes.size() / sizeof(sock_filter));
    std::memcpy(filter.program.data() + before, bytes.data(), bytes.size());
    filter.digest = sha256(
        {reinterpret_cast<const std::uint8_t*>(filter.program.data()), filter.program.size() * sizeof(sock_filter)});
    return filter;
}

} // namespace owhale::spawner
