// The URL by which devices reach an owhaled: what `pair join` takes, and what `pair new` hands out.
#pragma once

#include <string>

#include "cli/where.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

// "https://HOST", "https://HOST:PORT", each also with the page's / or /app behind it. bad_request or invalid_value else.
Result<Host> parse_device_url(const std::string& url);

// Of an owhaled that listens at `tcp`, as its status says it ("127.0.0.1:7717"; "" none). For all addresses of a machine
// (0.0.0.0, ::) stands `name`.
Result<Host> device_url_for(const std::string& tcp, const std::string& name);
// Whether it listens on all of them.
bool is_everywhere(const std::string& tcp);

} // namespace owhale::cli
