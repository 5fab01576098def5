#include "verbs/attach_message.hpp"

#include <algorithm>
#include <boost/describe.hpp>

#include "shared/codec.hpp"

namespace owhale::verbs {
namespace {

struct Size { // {"Width":80,"Height":24}
    std::uint32_t Width = 0, Height = 0;
};
BOOST_DESCRIBE_STRUCT(Size, (), (Width, Height))

std::uint16_t cells(std::uint32_t count) {
    return static_cast<std::uint16_t>(std::min(count, 65535u));
}

} // namespace

AttachMessage read_attach_message(std::uint8_t channel, std::string_view data) {
    using Kind = AttachMessage::Kind;
    if (channel == kStdin) return {Kind::input, 0, 0};
    if (channel == kClose && data.size() == 1 && data[0] == kStdin) return {Kind::end_of_input, 0, 0};
    if (channel != kResize) return {};
    const auto size = codec::decode<Size>(data);
    return size ? AttachMessage{Kind::resize, cells(size->Height), cells(size->Width)} : AttachMessage{};
}

} // namespace owhale::verbs
