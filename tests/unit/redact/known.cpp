#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "pieces.hpp"
#include "redact/redactor.hpp"

namespace redact = owhale::redact;
using owhale::test::split_at;

namespace {

constexpr std::string_view kValue = "correct horse/battery+staple\"9";
constexpr std::string_view kMask = "[redacted:vault]";

void learn(std::string_view value) {
    redact::Lesson lesson;
    lesson.add(value);
}

std::string base64(std::string_view text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) out += letters[bits >> (count - 6) & 63];
    }
    if (count > 0) out += letters[bits << (6 - count) & 63];
    return out;
}

} // namespace

TEST_CASE("a known value is masked wherever the stream is cut, and all else passes") {
    learn(kValue);
    const auto text = "before " + std::string(kValue) + " after, corr and correct horses, " + std::string(kValue);
    const auto shown = "before " + std::string(kMask) + " after, corr and correct horses, " + std::string(kMask);
    for (std::size_t at = 0; at <= text.size(); ++at) CHECK_EQ(split_at(text, at), shown);
}

TEST_CASE("of every length from 8 on") {
    std::string whole;
    for (int i = 0; i < 200; ++i) whole += static_cast<char>('A' + (i * 7 + i / 26) % 26);
    for (const std::size_t size : {8u, 9u, 15u, 16u, 17u, 31u, 33u, 63u, 64u, 65u, 100u, 200u}) {
        const auto value = "len" + std::to_string(size) + whole.substr(0, size - 3 - std::to_string(size).size());
        learn(value);
        for (const std::size_t at : {std::size_t{1}, value.size() / 2, value.size() + 1})
            CHECK_EQ(split_at("<" + value + ">", at), "<" + std::string(kMask) + ">");
    }
    learn("7bytes!");
    CHECK_EQ(redact::redacted("7bytes!"), "7bytes!");
}

TEST_CASE("in base64 at any place, percent-encoded, in JSON") {
    learn(kValue);
    for (const std::string before : {"", "a", "ab", "abc", "user:"}) {
        const auto encoded = base64(before + std::string(kValue) + "xyz");
        const auto shown = redact::redacted(encoded);
        CHECK_NE(shown.find(kMask), std::string::npos);
        CHECK_LT(shown.size() - kMask.size(), before.size() * 2 + 8 + 6); // what stands beside, and the edges
    }
    CHECK_EQ(redact::redacted("k=correct%20horse%2Fbattery%2Bstaple%229&"), "k=" + std::string(kMask) + "&");
    CHECK_EQ(redact::redacted("k=correct%20horse%2fbattery%2bstaple%229&"), "k=" + std::string(kMask) + "&");
    CHECK_EQ(redact::redacted(R"({"a":"correct horse/battery+staple\"9"})"), R"({"a":")" + std::string(kMask) + "\"}");
}

TEST_CASE("behind what is masked for its look") {
    learn("Zq8vTnPw4LxKd2Rb");
    const std::string bearer = redact::redacted("Authorization: Bearer Zq8vTnPw4LxKd2Rb\n");
    CHECK_EQ(bearer.find("Zq8v"), std::string::npos);
    CHECK_EQ(redact::redacted("password=Zq8vTnPw4LxKd2Rb\n").find("Zq8v"), std::string::npos);
    CHECK_EQ(bearer, "Authorization: Bearer [redacted:vault]\n");
}

TEST_CASE("a pause shows no more than seven bytes of a value") {
    learn(kValue);
    redact::Redactor redactor;
    std::string out;
    redactor.push("$ correct", out);
    redactor.pause(out);
    CHECK_EQ(out, "$ correct"); // eight bytes begin at the c only with the blank
    redactor.push(" horse/battery+staple\"9 done", out);
    redactor.finish(out);
    CHECK_EQ(out.find("horse"), std::string::npos);
    CHECK_NE(out.find("done"), std::string::npos);

    redact::Redactor other;
    out.clear();
    other.push("$ correct horse", out);
    other.pause(out);
    CHECK_EQ(out, "$ ");
    other.push("shoe", out);
    other.finish(out);
    CHECK_EQ(out, "$ correct horseshoe");
}

TEST_CASE("ten thousand known values cost little") {
    {
        redact::Lesson lesson;
        for (int i = 0; i < 1000; ++i) lesson.add("value number " + std::to_string(i) + " of a thousand");
    }
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "some line of output, value 12 or other\n";
    const auto before = std::chrono::steady_clock::now();
    const auto shown = redact::redacted(text);
    const auto took = std::chrono::steady_clock::now() - before;
    CHECK_EQ(shown, text);
    const auto rate = static_cast<double>(text.size()) / 1e6 / std::chrono::duration<double>(took).count();
    MESSAGE(rate, " MB/s");
    CHECK_LT(took, std::chrono::seconds(5));
}
