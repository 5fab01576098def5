// The sockets of a run that are open now, so that its end can cut them all at once.
#pragma once

#include <cstddef>
#include <set>

#include "egress/stream.hpp"

namespace owhale::egress {

class OpenStreams {
public:
    void add(Stream& stream) { streams_.insert(&stream); }
    void remove(Stream& stream) { streams_.erase(&stream); }
    std::size_t size() const { return streams_.size(); }
    bool ended() const { return ended_; }
    // Whoever waits on one of them gets an error; those that come later are to be refused.
    void close_all() {
        ended_ = true;
        for (auto* stream : streams_) stream->close();
    }

private:
    std::set<Stream*> streams_; // each takes itself out in its destructor
    bool ended_ = false;
};

} // namespace owhale::egress
