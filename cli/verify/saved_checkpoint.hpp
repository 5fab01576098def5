// A checkpoint that somebody kept in a file and names: it is looked at before the log is, so that damage to it is not told of the
// log.
#pragma once

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

// Fails with invalid_value, naming the file and its line, when it cannot be read or is no checkpoint.
Result<Kept> checkpoint_in(const std::string& path);
// The same, where the key of the log is known, when that has signed another text than is in the file. A checkpoint of another key's
// is none of that, but one of another log.
Status check_signature(const Kept& saved, const merkle::NoteKey& key);

} // namespace owhale::cli::verify
