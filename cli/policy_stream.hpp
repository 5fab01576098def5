// Many commands judged in one go: JSON Lines in, a verdict for each out, in order.
#pragma once

#include <boost/json/value.hpp>

#include "cli/policy_options.hpp"

namespace owhale::cli {

struct AskedLine {
    boost::json::value id; // null where there is none; there even when the rest is wrong
    policy::Request request;
    std::string cwd;     // "" not told
    std::string problem; // "" none
};

// {"id","command" or "argv","cwd"?,"net"?}
AskedLine read_asked(std::string_view line);

// {"id","command" or "argv","cwd"?,"net"?} on stdin, a line each of at most 1 MiB; to stdout {"id","verdict",…}, or {"id","error"} for a
// line that is wrong. Written out as soon as nothing more waits to be read. An error only when reading or writing fails.
Status judge_stream(const PolicyOptions& options);

} // namespace owhale::cli
