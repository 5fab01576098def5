#include "audit/leaf.hpp"

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace owhale::audit {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kLargest = 8u << 20; // a request's argv and environment, escaped, and more

} // namespace

Result<Leaf> make_leaf(Event event) {
    Leaf leaf;
    leaf.time = wall_clock_us();
    boost::json::object whole{{"event", event.event.text()},
                              {"id", to_string(make_uuid())},
                              {"outcome", event.outcome},
                              {"principal", event.principal},
                              {"run", event.run},
                              {"time", rfc3339(leaf.time)},
                              {"v", kVersion},
                              {"verb", event.verb},
                              {"data", std::move(event.data)}};
    leaf.json = TRY(canonical(std::move(whole)));
    if (leaf.json.size() > kLargest) return fail(Code::invalid_value, "an audit event is too large");
    leaf.hash = leaf_hash(leaf.json);
    leaf.event = std::move(event);
    return leaf;
}

} // namespace owhale::audit
