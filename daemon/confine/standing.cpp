#include "confine/standing.hpp"

#include <fcntl.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.hpp"

namespace owhale {
namespace {

std::unexpected<Error> still(const std::string& what) {
    return fail(Code::layer_missing, "the broker is not confined: " + what, "report this with the kernel's version");
}

std::string four_times(unsigned id) {
    const auto text = std::to_string(id);
    return text + "\t" + text + "\t" + text + "\t" + text;
}

} // namespace

Result<Standing> Standing::open() {
    Fd status(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    if (!status) return fail_errno("/proc/self/status");
    return Standing(std::move(status));
}

Result<std::map<std::string, std::string>> Standing::fields() const {
    if (::lseek(status_.get(), 0, SEEK_SET) != 0) return fail_errno("/proc/self/status");
    std::istringstream lines(TRY(read_all(status_.get(), 65536)));
    std::map<std::string, std::string> fields;
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        auto value = line.substr(colon + 1);
        value.erase(0, value.find_first_not_of(" \t"));
        value.erase(value.find_last_not_of(" \t") + 1);
        fields[line.substr(0, colon)] = value;
    }
    return fields;
}

Status Standing::single_threaded() const {
    auto all = TRY(fields());
    if (all["Threads"] != "1") return still(all["Threads"] + " threads run already");
    return {};
}

Status Standing::verify(const Confinement& to, int landlock_abi) const {
    auto all = TRY(fields());
    std::map<std::string, std::string> expected = {{"NoNewPrivs", "1"}, {"Seccomp", "2"}, {"Uid", four_times(to.uid)}};
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) expected[set] = "0000000000000000";
    if (to.root) { // an ordinary user can neither drop groups nor empty the bounding set, which no_new_privs makes void
        expected["CapBnd"] = "0000000000000000";
        expected["Groups"] = "";
        expected["Gid"] = four_times(to.gid);
    }
    for (const auto& [field, value] : expected)
        if (all[field] != value) return still(field + " is \"" + all[field] + "\"");
    if (Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))) return still("it can make sockets");
    if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != -1 || errno != EPERM) return still("prctl is open to it");
    if (landlock_abi > 0 && (Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) || errno != EACCES))
        return still("it can open /");
    return {};
}

} // namespace owhale
