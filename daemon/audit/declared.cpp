#include "audit/declared.hpp"

#include <atomic>

#include "audit/event_check.hpp"
#include "base/log.hpp"

namespace owhale::audit {

void tell_undeclared(const Event& event) {
    static std::array<std::atomic<bool>, kEventNames.size()> told{};
    const auto& type = type_of(event.event);
    const auto faults = faults_of(type, event.outcome, event.data);
    if (faults.empty() || told[static_cast<std::size_t>(&type - event_types().data())].exchange(true)) return;
    std::string all;
    for (const auto& fault : faults) (all += all.empty() ? "" : ", ") += fault;
    log::error("an audit event is not as the table of events says", {{"event", std::string(type.name)}, {"why", all}});
}

} // namespace owhale::audit
