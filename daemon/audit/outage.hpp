// What the log could not take, from the first refusal until it can be written again; told then, first of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "audit/event.hpp"

namespace owhale::audit {

// Of one thread.
class Outage {
public:
    // So many events were refused, each as often as it was tried.
    void refuse(std::size_t events, const Error& why, std::int64_t now_us);
    bool lasts() const { return since_us_ != 0; }
    std::int64_t since_us() const { return since_us_; } // 0: none
    const std::string& why() const { return why_; }
    // audit.recovered: {since, until, seconds, refused, why}, of an outage that lasts until `now_us`.
    Event told(std::int64_t now_us) const;
    // And what was refused while it was being told.
    void add(const Outage& later) { refused_ += later.refused_; }

private:
    std::int64_t since_us_ = 0; // 0: none
    std::uint64_t refused_ = 0;
    std::string why_; // the first
};

} // namespace owhale::audit
