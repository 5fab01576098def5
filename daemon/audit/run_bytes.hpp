// How the log's rows hold the id of a run: a UUID's 16 bytes; other text behind a zero byte; nothing for none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::audit {

std::optional<std::vector<std::uint8_t>> to_run_bytes(std::string_view run);
std::string from_run_bytes(std::string_view bytes);

} // namespace owhale::audit
