// The variable part of a message on the wire between broker and spawner, from a broker that is not ours any more.
#include <cstdint>
#include <cstdlib>

#include "sandbox/blob.hpp"
#include "sandbox/plan.hpp"

using namespace owhale;

// The first byte is the number of lists that the message's type has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t lists = data[0] % 12;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto blob = wire::unpack(bytes, lists);
    if (!blob) return 0;
    if (blob->size() != lists || wire::pack(*blob) != bytes) abort();
    for (const auto& list : *blob)
        if (list.size() > wire::kMaxStrings) abort();
    return 0;
}
