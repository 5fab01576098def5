// SSH's data types (RFC 4251, section 5), read from and written to strings. Nothing here is secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace owhale::egress::ssh {

// Reads one thing after another; what goes past the end yields nothing, and done() is false from then on.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    std::uint8_t byte();
    std::uint32_t number();
    std::string_view string(); // into what was given
    std::string_view raw(std::size_t size);
    bool flag() { return byte() != 0; }
    std::string_view rest() const { return rest_; }
    bool good() const { return good_; }
    bool done() const { return good_ && rest_.empty(); } // all of it was read, and there was no more

private:
    std::string_view rest_;
    bool good_ = true;
};

void put_number(std::string& to, std::uint32_t value);
void put_string(std::string& to, std::string_view value);

} // namespace owhale::egress::ssh
