// The commands below `secrets` that have files of their own.
#pragma once

#include "cli/secret_options.hpp"
#include "cli/tree.hpp"

namespace owhale::cli {

void declare_secrets_set(Command secrets);
void declare_secrets_rotate(Command secrets);
void declare_secrets_import(Command secrets);
void declare_secrets_rekey(Command secrets);

} // namespace owhale::cli
