#include "cli/events.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cstdint>

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

std::string json_string(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

} // namespace

std::string output_event(std::string_view stream, std::string_view data) {
    std::string line = R"({"event":"output","stream":)" + json_string(stream) + R"(,"data":)";
    if (is_utf8(data))
        line += json_string(data);
    else
        line += json_string(base64(data)) + R"(,"encoding":"base64")";
    return line + "}\n";
}

std::string state_event(const api::Run& run) {
    return R"({"event":"state","run":)" + write(run) + "}\n";
}

std::string base64(std::string_view data) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((data.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < data.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = (group << 8) | (at + i < data.size() ? static_cast<unsigned char>(data[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i) out += at + i <= data.size() ? kDigits[(group >> (18 - 6 * i)) & 63] : '=';
    }
    return out;
}

bool is_utf8(std::string_view text) {
    std::size_t more = 0;
    unsigned char low = 0x80, high = 0xbf; // bounds of the next byte: RFC 3629, table 3-7 of Unicode
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (more > 0) {
            if (byte < low || byte > high) return false;
            low = 0x80, high = 0xbf;
            --more;
        } else if (byte >= 0x80) {
            if (byte < 0xc2 || byte > 0xf4) return false;
            more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
            if (byte == 0xe0) low = 0xa0;
            if (byte == 0xed) high = 0x9f;
            if (byte == 0xf0) low = 0x90;
            if (byte == 0xf4) high = 0x8f;
        }
    }
    return more == 0;
}

} // namespace owhale::cli
