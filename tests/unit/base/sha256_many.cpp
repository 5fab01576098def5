#include "base/sha256_many.hpp"

#include <string>
#include <vector>

#include "base/sha256.hpp"
#include "checks.hpp"

using namespace owhale;

namespace {

std::vector<std::array<std::uint8_t, 32>> many(std::uint8_t first, const std::vector<std::string_view>& texts) {
    std::vector<std::array<std::uint8_t, 32>> out(texts.size());
    sha256_many(first, texts, out);
    return out;
}

std::array<std::uint8_t, 32> one(char first, std::string_view text) {
    const auto whole = first + std::string(text);
    return sha256({reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size()});
}

} // namespace

TEST_CASE("many messages have the hashes that each has alone, whatever their lengths") {
    std::string bytes;
    for (int i = 0; i < 2000; ++i) bytes += static_cast<char>(i * 7 + i / 256);
    std::vector<std::string_view> texts;
    for (std::size_t length = 0; length < 330; ++length)
        texts.push_back(std::string_view(bytes).substr(length, length));
    // A long one beside many short ones, and the other way round.
    texts.insert(texts.begin() + 3, bytes);
    texts.push_back(bytes);
    const auto found = many(1, texts);
    for (std::size_t i = 0; i < texts.size(); ++i) CHECK_MESSAGE(found[i] == one('\1', texts[i]), i);
}

TEST_CASE("one message, and none") {
    CHECK(many(0, {}).empty());
    for (const std::size_t length : {0, 54, 55, 56, 62, 63, 64, 118, 119, 120, 126, 127, 128}) {
        const std::string text(length, 'x');
        CHECK_MESSAGE(many(0, {text}).front() == one('\0', text), length);
    }
}
