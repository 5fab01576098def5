// Domains below which strangers choose names or paths: a value that may be sent there may be sent to anybody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::vault {

class SharedHosts {
public:
    // Beyond the shipped ones: `text` is the administrator's, one a line, "#" begins a comment, "!host" is no shared one
    // although it is below one. Lines that are no host are left out.
    explicit SharedHosts(std::string_view text = {});
    // The domain that makes it one; "" when it is none.
    std::string shares(std::string_view host) const;

private:
    std::vector<std::string> more_, fewer_;
};

// The domain itself, or below it.
bool is_below(std::string_view host, std::string_view domain);

} // namespace owhale::vault
