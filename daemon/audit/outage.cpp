#include "audit/outage.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::audit {

void Outage::refuse(std::size_t events, const Error& why, std::int64_t now_us) {
    refused_ += events;
    if (lasts()) return;
    since_us_ = now_us;
    why_ = to_line(why);
    log::error("the audit log cannot be written; nothing starts that has to be in it", {{"why", why_}});
}

Event Outage::told(std::int64_t now_us) const {
    Event event{"audit.recovered", "system", "", "ok", "", {}};
    event.data["since"] = rfc3339(since_us_);
    event.data["until"] = rfc3339(now_us);
    event.data["seconds"] = std::max<std::int64_t>(0, now_us - since_us_) / 1'000'000; // the clock may have been set
    event.data["refused"] = refused_;
    event.data["why"] = why_;
    return event;
}

} // namespace owhale::audit
