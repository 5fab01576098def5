// A run's output and states as JSON lines (-o jsonl).
#pragma once

#include <string>
#include <string_view>

#include "shared/api.hpp"

namespace owhale::cli {

// {"event":"output","stream":"stdout","data":"…"}; with "encoding":"base64" when the chunk is not UTF-8.
std::string output_event(std::string_view stream, std::string_view data);
// {"event":"state","run":{…}}
std::string state_event(const api::Run& run);

std::string base64(std::string_view data);
bool is_utf8(std::string_view text);

} // namespace owhale::cli
