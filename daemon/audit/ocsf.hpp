// An event of the log as one of the Open Cybersecurity Schema Framework (OCSF), from its text and its row of the table:
// the classes, numbers and attributes of version 1.5.0. Pure.
//
// metadata.sequence is its number in the log, metadata.uid its id. What has no attribute of OCSF stands in `unmapped` by
// its own name, beside `leaf_hash`, by which the event is found in the log's tree. A text that cannot be read, or of an
// event that the table no longer has, becomes a Base Event.
#pragma once

#include <string>

#include "audit/export_source.hpp"
#include "audit/log.hpp"

namespace owhale::audit {

inline constexpr std::string_view kOcsfVersion = "1.5.0";

// One line of JSON without a newline. Of a row that has its body.
std::string to_ocsf(const Row& row, const ExportSource& source);

} // namespace owhale::audit
