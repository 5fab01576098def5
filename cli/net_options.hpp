// The options of a command that starts a run which are about its network and its secrets.
#pragma once

#include <string>
#include <vector>

#include "cli/tree.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

struct NetOptions {
    std::string net;
    std::vector<std::string> hosts, publish, host_ports, secrets, brokers;
    bool inspect = false;
};

void declare(Command command, NetOptions& options);
// `far`: owhaled is reached over TCP; our ssh-agent is none of its machine's.
Status set_network(api::RunRequest& request, const NetOptions& options, bool far);

} // namespace owhale::cli
