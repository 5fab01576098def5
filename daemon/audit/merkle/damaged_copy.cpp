#include "audit/merkle/damaged_copy.hpp"

#include "audit/merkle/note.hpp"

namespace owhale::audit::merkle {
namespace {

constexpr std::size_t kMostlySame = 33; // of a hash's 44 characters in base64, the last of which is always "="

} // namespace

bool is_damaged_copy(const Hash& copy, const Hash& of) {
    const auto one = to_base64(copy), other = to_base64(of);
    std::size_t same = 0;
    for (std::size_t i = 0; i < one.size(); ++i) same += one[i] == other[i] ? 1 : 0;
    return same >= kMostlySame && copy != of;
}

} // namespace owhale::audit::merkle
