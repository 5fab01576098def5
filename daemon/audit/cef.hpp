// An event of the log as a line of ArcSight's Common Event Format, version 0 (Implementation Standard, revision 25). Pure.
//
//   CEF:0|owhale|owhaled|VERSION|EVENT|SUMMARY|0-10|externalId=SEQ cs1Label=leafHash cs1=HEX rt=… …
//
// A reader of lines finds number and hash right behind the seventh bar that no backslash stands before. cs2 is the run,
// cs3 all of `data` as JSON, cut at the 4,000 characters that CEF allows there.
#pragma once

#include <string>

#include "audit/export_source.hpp"
#include "audit/log.hpp"

namespace owhale::audit {

// Without a newline. Of a row that has its body.
std::string to_cef(const Row& row, const ExportSource& source);

} // namespace owhale::audit
