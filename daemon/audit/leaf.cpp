#include "audit/leaf.hpp"

#include <boost/json/value.hpp>
#include <sodium.h>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace owhale::audit {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kLargest = 8u << 20; // a request's argv and environment, escaped, and more

} // namespace

std::array<std::uint8_t, 32> leaf_hash(std::string_view data) {
    static_assert(crypto_hash_sha256_BYTES == 32);
    constexpr unsigned char zero = 0;
    std::array<std::uint8_t, 32> hash;
    crypto_hash_sha256_state state;
    ::crypto_hash_sha256_init(&state);
    ::crypto_hash_sha256_update(&state, &zero, 1);
    ::crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(data.data()), data.size());
    ::crypto_hash_sha256_final(&state, hash.data());
    return hash;
}

Result<Leaf> make_leaf(Event event) {
    Leaf leaf;
    leaf.time = rfc3339(wall_clock_us());
    boost::json::object whole{{"event", event.event.text()},
                              {"id", to_string(make_uuid())},
                              {"outcome", event.outcome},
                              {"principal", event.principal},
                              {"run", event.run},
                              {"time", leaf.time},
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
