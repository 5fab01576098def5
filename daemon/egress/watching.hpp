// A listener or UDP socket of a run on the broker's loop: told of each time it can be read, until the run ends.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "base/fd.hpp"

namespace owhale::egress {

class Watching {
public:
    virtual ~Watching() = default;
    virtual void close() = 0;
    // `readable` takes some of what there is and must not wait; false: owhaled is out of means, it is tried again in a moment.
    // Null when the executor cannot watch the socket.
    using Readable = std::function<bool(int socket)>;
    static std::shared_ptr<Watching> start(boost::asio::any_io_executor executor, Fd socket, Readable readable);
};

} // namespace owhale::egress
