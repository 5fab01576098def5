// An event as it is stored: its canonical JSON and the hash of that.
#pragma once

#include <cstdint>
#include <string>

#include "audit/event.hpp"
#include "audit/merkle/tree.hpp"

namespace owhale::audit {

struct Leaf {
    Event event;
    std::int64_t time = 0; // microseconds since the Unix epoch
    std::string json;
    merkle::Hash hash{};
};

// Gives the event its id and time. Fails as canonical() does.
Result<Leaf> make_leaf(Event event);

using merkle::leaf_hash;

} // namespace owhale::audit
