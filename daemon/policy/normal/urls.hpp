// Hosts out of the words that name them: URLs (RFC 3986), HOST:PATH as of scp and git, HOST:PORT.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/normal/command.hpp"

namespace owhale::policy::normal {

// `word` has a scheme, or `scheme` is what is taken without one ("" none is taken: nullopt).
std::optional<Host> host_of_url(const Value& word, std::string_view scheme);

// An address as programs take it: IPv4, or HOST:PORT with a dot, an "@" or a name of this machine in the host; nullopt: it is none.
std::optional<Host> host_of_address(const Value& word);

// This machine's own, by the name that was written.
bool is_loopback(std::string_view host);

struct Remote {
    Host host;
    std::string path;
};
// user@host:path, host:path, ssh://…, rsync://…; nullopt: a local path.
std::optional<Remote> remote_path(const Value& word);

// host, host:port, [v6]:port, user@host; "tcp:host:port" of socat is the caller's to take apart.
Host host_of_word(const Value& word, std::string_view scheme);

} // namespace owhale::policy::normal
