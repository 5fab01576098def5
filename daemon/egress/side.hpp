// Something else that serves a run beside the network's fronts: published ports, ports of the host, the ssh agent.
#pragma once

namespace owhale::egress {

class Side {
public:
    virtual ~Side() = default;
    // The run has ended: everything is closed at once. Called once, before the destructor.
    virtual void stop() = 0;
};

} // namespace owhale::egress
