// What a client says on the channels of runs.attach (v5.channel.k8s.io). Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace owhale::verbs {

enum : std::uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kStatus = 3, kResize = 4, kClose = 255 };

struct AttachMessage {
    enum class Kind {
        input,        // the data itself
        resize,       // {"Width":80,"Height":24}, in cells
        end_of_input, // channel 255 names channel 0
        none,         // nothing that a client says
    } kind = Kind::none;
    std::uint16_t rows = 0, cols = 0; // 65535 at most, whatever was asked for
};
AttachMessage read_attach_message(std::uint8_t channel, std::string_view data);

} // namespace owhale::verbs
