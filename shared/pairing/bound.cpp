#include "shared/pairing/bound.hpp"

#include "shared/pairing/cpace.hpp"

namespace owhale::pairing {

std::string joiner_ad(const std::array<std::uint8_t, 32>& key, std::string_view name, std::string_view via,
                      std::string_view fingerprint) {
    const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
    return lv_cat({"joiner", bytes, name, via, fingerprint});
}

std::string maker_ad(std::string_view fingerprint) {
    return lv_cat({"maker", fingerprint});
}

} // namespace owhale::pairing
