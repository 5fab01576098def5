// A run as the API answers it, with its output.
#pragma once

#include <string>

#include "sandbox/run.hpp"
#include "shared/api.hpp"

namespace owhale::verbs {

// With the kept output of an ended run: head and tail, base64 where it is not UTF-8.
api::Run with_output(api::Run run, const sandbox::Output& out, const sandbox::Output& err);
// Everything of a stream that is kept.
std::string kept_bytes(const sandbox::Output& output);

} // namespace owhale::verbs
