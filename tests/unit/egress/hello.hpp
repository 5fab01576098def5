// ClientHellos made by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace owhale::test {

using Extensions = std::vector<std::pair<unsigned, std::string>>;

inline std::string number(std::size_t value, unsigned bytes) {
    std::string out;
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}
inline std::string counted(const std::string& body, unsigned bytes) {
    return number(body.size(), bytes) + body;
}
inline std::pair<unsigned, std::string> server_name(const std::string& name) {
    return {0, counted(std::string(1, '\0') + counted(name, 2), 2)};
}
inline std::string hello_message(const Extensions& extensions) {
    std::string all;
    for (const auto& [type, body] : extensions) all += number(type, 2) + counted(body, 2);
    const auto body = "\x03\x03" + std::string(32, 'r') + counted(std::string(32, 's'), 1) +
                      counted(std::string("\x13\x01\x1a\x1a", 4), 2) + counted(std::string(1, '\0'), 1) +
                      counted(all, 2);
    return "\x01" + counted(body, 3);
}
inline std::string record(const std::string& body) {
    return "\x16\x03\x01" + counted(body, 2);
}
inline std::string hello(const Extensions& extensions) {
    return record(hello_message(extensions));
}

} // namespace owhale::test
