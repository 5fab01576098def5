// `password=…`, `"token": "…"`, `Authorization: Bearer …`: a secret by the name before it.
#pragma once

#include "redact/finding.hpp"

namespace owhale::redact {

// At a `:` or `=`.
Finding assigned_secret(std::string_view text, std::size_t at, bool final);
// The label of a name that announces a secret ("DB_PASSWORD", "--api-key"); "" none.
std::string_view secret_name(std::string_view name);
// Whether a value looks made by a machine: words, paths, variables and numbers do not.
bool is_random(std::string_view value);

} // namespace owhale::redact
