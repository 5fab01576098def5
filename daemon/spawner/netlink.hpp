// Netlink messages (netlink(7), RFC 3549): built while there is time, sent in one call where there is not.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace owhale::spawner {

// One or more messages, in the order in which the kernel is to carry them out.
class NetlinkBatch {
public:
    // Begins a message with its fixed part.
    template <typename T> void begin(std::uint16_t type, std::uint16_t flags, const T& fixed) {
        begin_message(type, flags);
        put(&fixed, sizeof fixed);
    }
    void attribute(std::uint16_t type, const void* data, std::size_t size);
    void text(std::uint16_t type, std::string_view value); // with its NUL
    void number(std::uint16_t type, std::uint32_t value);  // big endian, as nf_tables wants them
    // Attributes between the two are its parts.
    std::size_t open(std::uint16_t type);
    void close(std::size_t opened);
    const std::vector<std::uint8_t>& bytes() const { return bytes_; }

private:
    void begin_message(std::uint16_t type, std::uint16_t flags);
    void put(const void* data, std::size_t size); // padded to four bytes; the message grows by it
    std::vector<std::uint8_t> bytes_;
    std::size_t message_ = 0; // where the current one begins
    std::uint32_t sequence_ = 0;
};

// Sends a batch; the kernel carries it out within the call. `errors[i]` is the errno of its message i, 0 of those that did
// not fail. Answers 0, or the errno of the sending itself. Allocates nothing.
int send_netlink(int socket, const std::vector<std::uint8_t>& batch, int* errors, std::size_t count);

} // namespace owhale::spawner
