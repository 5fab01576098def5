// What the commands below `owhalectl pair` share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "shared/api_pairing.hpp"

namespace owhale::cli {

// The powers of --can, each once and known: so that a slip is told before a password is asked for. Empty only of none.
Result<std::vector<std::string>> powers_of(const std::vector<std::string>& words);
// Whose login, or device, this is; "" unknown: then lists say of each whose it is.
std::string own_principal(Context& context);
// The caller's pairing of this id, or of a part of it that only one has.
Result<api::Pairing> find_pairing(Context& context, const std::string& named);
// Shows who joined, asks whether that is the right device, and pairs it. `can`: fewer powers; empty: all that it was made for.
// With `words`, which say what the caller has seen, nothing is asked.
Result<int> confirm_pairing(Context& context, const api::Pairing& pairing, const std::vector<std::string>& can,
                            const std::string& words);

} // namespace owhale::cli
