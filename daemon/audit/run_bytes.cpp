#include "audit/run_bytes.hpp"

#include <algorithm>

#include "base/uuid.hpp"

namespace owhale::audit {

std::optional<std::vector<std::uint8_t>> to_run_bytes(std::string_view run) {
    if (run.empty()) return std::nullopt;
    if (const auto uuid = parse_uuid(run)) return std::vector<std::uint8_t>(uuid->begin(), uuid->end());
    std::vector<std::uint8_t> bytes(1, 0);
    bytes.insert(bytes.end(), run.begin(), run.end());
    return bytes;
}

std::string from_run_bytes(std::string_view bytes) {
    if (bytes.starts_with('\0')) return std::string(bytes.substr(1));
    Uuid uuid{};
    if (bytes.size() != uuid.size()) return {};
    std::ranges::copy(bytes, uuid.begin());
    return to_string(uuid);
}

} // namespace owhale::audit
