// The process that makes jails ahead of their runs. It is forked before the first client is served, so that what it copies
// into each jail is small, costs the spawner's loop nothing, and has seen no request. Its children are the spawner's.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"
#include "spawner/setup.hpp"

namespace owhale::spawner {

struct JailKey { // what a jail is made for; everything else comes later
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;
    bool set_groups = true, net_host = false, scoped = false;
    std::string hostname;
    std::string filter; // its name
    bool operator==(const JailKey&) const = default;
};

class Jailer {
public:
    Status start(const Surroundings& surroundings, const std::vector<std::string>& masks);
    bool works() const { return static_cast<bool>(socket_); }
    int fd() const { return socket_.get(); }
    // Asks for one; `cgroup` -1: none. The descriptors are the jail's.
    Status ask(const JailKey& key, int setup, int report, int cgroup) const;
    struct Made {
        pid_t pid = -1;
        Fd process;
        int err = 0;
    };
    // The answer, in the order of the questions; an error: there is no jailer any more.
    Result<Made> answer();
    void end();

private:
    Fd socket_, process_;
};

} // namespace owhale::spawner
