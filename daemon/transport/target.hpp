// A request target (RFC 9112 section 3.2), split and decoded.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::transport {

struct Target {
    std::string authority;                    // of the absolute form: whom the client means to ask; else ""
    std::vector<std::string> segments;        // decoded: /v1/runs/a%2Fb is "v1", "runs", "a/b"
    std::string path;                         // decoded, for logs and messages
    std::map<std::string, std::string> query; // decoded; + is a space, as forms and URLSearchParams write it
};

// Origin form (/v1/runs?limit=1) or absolute form (http://localhost/v1/runs, https too). Refused: other forms, a %XX that is
// not hexadecimal or not UTF-8 or a control, a fragment, a repeated query key.
Result<Target> parse_target(std::string_view target);

} // namespace owhale::transport
