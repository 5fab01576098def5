// Secrets that are known by their name: where their maker wants them, and in which header. Sources: the makers' own API
// references.
#pragma once

#include <string_view>

namespace owhale::cli {

struct SecretShape {
    std::string_view name; // of the variable
    std::string_view host, header, prefix;
    std::string_view endpoint_variable; // that their clients read an endpoint from; "" none
};
// nullptr when the name is not known.
const SecretShape* find_shape(std::string_view name);

} // namespace owhale::cli
