#include "cli/upgrade.hpp"

#include <array>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/owners.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kLongest = 4096;

std::string content(const Fd& file) {
    std::array<char, kLongest> text{};
    const auto count = file ? ::read(file.get(), text.data(), text.size()) : -1;
    return {text.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

bool is_of_root_or_us(const Fd& file) {
    struct stat info{};
    return file && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
           (is_alone(info, 0) || is_alone(info, ::geteuid()));
}

// The 22nd field of stat; the second, in brackets, may hold anything.
std::string started(const std::string& pid) {
    const Fd file(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    const auto text = content(file);
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string field;
    for (int number = 3; number <= 22; ++number)
        if (!(fields >> field)) return {};
    return field;
}

} // namespace

std::optional<std::string> waiting_upgrade(const std::string& note) {
    const Fd file(::open(note.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!is_of_root_or_us(file)) return std::nullopt;
    std::istringstream words(content(file));
    std::string version, pid, start;
    words >> version >> pid >> start;
    if (start.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return started(pid) == start ? std::optional(version) : std::nullopt;
}

std::vector<api::Check> upgrade_checks() {
    const auto version = waiting_upgrade();
    if (!version) return {};
    return {{"upgrade", "weaker", "an upgrade waits: " + *version + " is installed, the version before it runs",
             "what the new version mends", std::string(kUpgradeCommand) + " (it ends the runs that are active)"}};
}

} // namespace owhale::cli
