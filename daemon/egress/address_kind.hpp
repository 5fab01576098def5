// Which addresses are no ordinary host of the Internet: denied unless a rule names them. Pure; a table.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string_view>

namespace owhale::egress {

struct AddressKind {
    std::string_view name; // "loopback", "private", "metadata", …
    bool may_ask;          // a person can be asked about it; else only a rule of its own allows it
};

// Null: an ordinary address. Of IPv4 carried in IPv6 (mapped, NAT64, 6to4, Teredo) what is carried is judged.
const AddressKind* special(const boost::asio::ip::address& address);

} // namespace owhale::egress
