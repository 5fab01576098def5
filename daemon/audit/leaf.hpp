// An event as it is stored: its canonical JSON and the hash of that.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "audit/event.hpp"

namespace owhale::audit {

struct Leaf {
    Event event;
    std::string time; // RFC 3339
    std::string json;
    std::array<std::uint8_t, 32> hash{};
};

// Gives the event its id and time. Fails as canonical() does.
Result<Leaf> make_leaf(Event event);

// RFC 6962, 2.1: SHA-256 of a zero byte and the data.
std::array<std::uint8_t, 32> leaf_hash(std::string_view data);

} // namespace owhale::audit
