// What devices are called, and the picture of a code.
#include <algorithm>

#include "checks.hpp"
#include "cli/device_names.hpp"
#include "cli/escape.hpp"
#include "cli/qr.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

const std::string kDevice = "device:01a21c2e-1112-7341-9ff7-3a6bd7a210d2";

// Rows of modules: true is dark. Colours are left out, as whoever looks at a copy of the text sees it.
std::vector<std::vector<bool>> modules_of(const QrCode& code, Ink ink) {
    std::vector<std::vector<bool>> out;
    std::string text;
    for (std::size_t i = 0; i < code.picture.size(); ++i)
        if (code.picture[i] == '\x1b')
            i = code.picture.find('m', i);
        else
            text += code.picture[i];
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = rest.find('\n');
        auto line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        std::vector<bool> upper, lower;
        while (!line.empty()) {
            const auto length = ink == Ink::ascii ? 2 : decode(line).length;
            const auto piece = line.substr(0, length);
            upper.push_back(piece == "##" || piece == "█" || piece == "▀");
            lower.push_back(piece == "█" || piece == "▄");
            line.remove_prefix(length);
        }
        out.push_back(std::move(upper));
        if (ink == Ink::blocks) out.push_back(std::move(lower));
    }
    return out;
}

} // namespace

TEST_CASE("a device is called by name, and no name passes for another principal's") {
    CHECK_EQ(called(kDevice, "phone"), "phone (device d7a210d2)");
    CHECK_EQ(called(kDevice, "phone", 23), "phone (device d7a210d2)");
    CHECK_EQ(called(kDevice, "phone", 22), "device phone");
    CHECK_EQ(called(kDevice, "phone", 9), "device p…");
    CHECK_EQ(called(kDevice, std::nullopt), "device d7a210d2");
    CHECK_EQ(called(kDevice, ""), "device d7a210d2");
    CHECK_EQ(called("user:alice", "phone"), "user:alice");
    CHECK_EQ(called("unix:1000", std::nullopt, 6), "unix:…");
    const std::string hostile = "user:admin" + std::string(50, ' ') + "\x1b[2K\n\u202e";
    for (std::size_t room = 8; room < 100; ++room) {
        const auto text = called(kDevice, hostile, room);
        CAPTURE(text);
        CHECK_LE(width(text), room);
        CHECK((text.starts_with("device ") || text.ends_with(" (device d7a210d2)")));
        CHECK_EQ(text.find_first_of("\x1b\n"), text.npos);
    }
}

TEST_CASE("the picture of a code is the same in every locale") {
    const std::string text = "https://build.example.org:7717/app#7K3M9QXT";
    const auto blocks = qr_code(text, Ink::blocks), ascii = qr_code(text, Ink::ascii);
    REQUIRE(blocks);
    REQUIRE(ascii);
    CHECK_EQ(ascii->columns, 2 * blocks->columns);
    CHECK(std::ranges::all_of(ascii->picture, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    auto drawn = modules_of(*blocks, Ink::blocks);
    const auto plain = modules_of(*ascii, Ink::ascii);
    if (drawn.size() > plain.size()) drawn.pop_back(); // the last line's lower half, of an odd number of rows
    CHECK(drawn == plain);
    CHECK_EQ(plain.size(), blocks->columns);
    for (const auto& row : plain) CHECK_EQ(row.size(), blocks->columns);
    CHECK_FALSE(qr_code(std::string(4000, 'x'), Ink::ascii));
}
