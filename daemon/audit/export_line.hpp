// One event of the log as a line of an export. Pure.
//
//   jsonl  {"seq":N,"hash":"<hex>","event":<the canonical bytes, as stored>}
//          {"seq":N,"hash":"<hex>","dropped":true}   its body went by retention; its hash stays
//          {"checkpoint":"<signed note>"}            the signed tree head over all lines before it
//   ocsf   ocsf.hpp; cef   cef.hpp. Neither has a line for an event whose body went: audit.dropped tells up to which.
//
// A further format is a row of the table in export_line.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/export_source.hpp"
#include "audit/log.hpp"

namespace owhale::audit {

enum class ExportFormat { jsonl, ocsf, cef };

// "jsonl", "ocsf", "cef".
std::optional<ExportFormat> export_format(std::string_view name);
std::string_view content_type(ExportFormat format);

// Appends the line with its newline. False: this format has nothing to say of the event (a dropped one, but in jsonl).
bool append_line(std::string& out, ExportFormat format, const Row& row, const ExportSource& source);
// Of a checkpoint: in jsonl alone.
void append_checkpoint(std::string& out, ExportFormat format, std::string_view note);
// The last line of an export that was cut off, in every format: {"problem":{"code":"…","detail":"…"}}.
void append_problem(std::string& out, const Error& error);

} // namespace owhale::audit
