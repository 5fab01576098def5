// Profiles, their tables and owhaled.conf: whatever a file holds, reading ends, with a place in it when it is refused, and what was
// read once is read the same again.
#include <cstdlib>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/sources.hpp"
#include "sandbox/blocking.hpp"
#include "sandbox/profile.hpp"

using namespace owhale;

// Linked with the digests, and never asked here.
boost::asio::awaitable<Result<std::string>> sandbox::Blocking::run(std::uint32_t, Job, std::chrono::milliseconds) {
    std::abort();
}

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

template <typename Value> bool refused(const Result<Value>& read) {
    if (read) return false;
    require(!read.error().message.empty() && read.error().message.size() < 65536);
    return true;
}

void read_profile(std::string_view text, const sandbox::Profile* base) {
    const auto profile = sandbox::parse_profile("x", "x.toml", text, base);
    (void)refused(sandbox::profile_extends("x.toml", text));
    if (refused(profile)) return;
    require(profile->name == "x" && profile->digest.size() == 64 && profile->agent.empty());
    // What stands in a list of a home's or a workspace's never leads out of it.
    for (const auto* list : {&profile->toolchains, &profile->state})
        for (const auto& path : *list) require(!path.empty() && path[0] != '/' && !("/" + path + "/").contains("/../"));
    for (const auto& path : profile->system) require(path.starts_with('/') && !(path + "/").contains("/../"));
    const auto again = sandbox::parse_profile("x", "x.toml", text, base);
    require(again && again->digest == profile->digest && again->env == profile->env);
    if (base == nullptr) read_profile(text, &*profile);
}

void read_conf(std::string_view text) {
    static const int file = [] {
        const int made = ::memfd_create("conf", MFD_CLOEXEC);
        require(made >= 0 && ::fchmod(made, 0600) == 0);
        return made;
    }();
    static const auto path = "/proc/self/fd/" + std::to_string(file);
    require(::ftruncate(file, 0) == 0);
    require(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    std::vector<Error> mistakes;
    const auto found = config::read_config_file(path, mistakes);
    if (refused(found)) return;
    for (const auto& [key, given] : *found) require(!key.empty() && !given.value.contains('\n'));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'p') read_profile(text, nullptr);
    if (data[0] == 't') (void)refused(sandbox::parse_tables("tables.toml", text));
    if (data[0] == 'c') read_conf(text);
    return 0;
}
