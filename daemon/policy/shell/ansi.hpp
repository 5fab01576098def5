// The escapes of $'…' (bash(1), QUOTING), decoded as bash 5.2 does in a UTF-8 locale.
#pragma once

#include <string>
#include <string_view>

namespace owhale::policy::shell {

// A NUL (\0, \x00, \c@) ends the text, as it does in bash; an unknown escape stands for itself.
std::string decode_ansi(std::string_view text);

} // namespace owhale::policy::shell
