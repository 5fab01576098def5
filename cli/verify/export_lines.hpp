// The lines of an export in JSON Lines (GET /v1/audit/export), read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/verify/edge.hpp"

namespace owhale::cli::verify {

struct ExportLine {
    enum class Kind { event, dropped, checkpoint, problem, blank };
    Kind kind = Kind::blank;
    std::uint64_t seq = 0;
    Hash hash{};
    std::string_view json; // of an event: its bytes, as they are in the line
    std::string text;      // of a checkpoint: the note; of a problem: what owhaled says
};

// A line without its end; nothing for what owhaled does not write.
std::optional<ExportLine> read_export_line(std::string_view line);

} // namespace owhale::cli::verify
