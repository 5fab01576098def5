// JSON Web Tokens (RFC 7519): "eyJ…", a header in base64url that names an `alg`, then the rest.
#pragma once

#include "redact/finding.hpp"

namespace owhale::redact {

Finding json_web_token(std::string_view text, std::size_t at, bool final);

} // namespace owhale::redact
