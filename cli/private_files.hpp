// Files of owhalectl's own, which no other user may read or write: tokens and known certificates.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "shared/error.hpp"

namespace owhale::cli {

// $XDG_STATE_HOME/owhaled/client, by default ~/.local/state/owhaled/client. Not made by asking.
Result<std::string> private_folder();
// The same, for what root keeps without being asked to: a folder of another's that these variables name (su, sudo) is passed
// over for root's own home, and a link or another's folder that leads on from there is refused (unauthenticated).
Result<std::string> own_folder();

// The content of a file there; none when it is not there. Refused (unauthenticated) when it is a link, not a plain
// file, not ours, or open to others: somebody else could have put it there or have read it.
Result<std::optional<std::string>> read_private(const std::string& path, std::size_t most);

// The content of a file that somebody hands us a secret in, named whole. Refused as above, but that it may be a link, and
// root's.
Result<std::string> read_handed(const std::string& path, std::size_t most);

// Replaces it atomically and durably, mode 0600; makes the folders on the way (0700), but never below a folder that is
// another user's: with another's HOME we would leave files of ours in it.
Status write_private(const std::string& path, std::string_view text);

// True when there was one.
Result<bool> remove_private(const std::string& path);

} // namespace owhale::cli
