// RFC 8785 (JSON Canonicalization Scheme), for the values that events are made of.
#include <algorithm>
#include <boost/json/value.hpp>
#include <optional>
#include <vector>

#include "audit/event.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostExact = (std::int64_t{1} << 53) - 1; // RFC 7493, 2.2
constexpr int kDeepest = 64;

std::unexpected<Error> refuse(const char* why) {
    return fail(Code::invalid_value, why);
}

// The code point at the front of `text`, which is cut off; empty for anything but shortest-form UTF-8 (RFC 3629).
std::optional<char32_t> take_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length) return {};
    char32_t point = length == 1 ? lead : lead & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        point = point << 6 | (byte(i) & 0x3f);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) return {};
    text.remove_prefix(length);
    return point;
}

// Keys are sorted by their UTF-16 code units (RFC 8785, 3.2.3), which is not the order of their bytes.
std::optional<std::u16string> to_utf16(std::string_view text) {
    std::u16string units;
    while (!text.empty()) {
        const auto point = take_code_point(text);
        if (!point) return {};
        if (*point < 0x10000) {
            units += static_cast<char16_t>(*point);
        } else {
            units += static_cast<char16_t>(0xd7c0 + (*point >> 10));
            units += static_cast<char16_t>(0xdc00 | (*point & 0x3ff));
        }
    }
    return units;
}

void append_escaped(std::string& out, unsigned char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
    case '\b':
        out += "\\b";
        return;
    case '\t':
        out += "\\t";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\r':
        out += "\\r";
        return;
    default:
        ((out += "\\u00") += hex[c >> 4]) += hex[c & 15];
        return;
    }
}

// ASCII that is written as it is.
bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

std::size_t plain_run(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_plain(text[at])) ++at;
    return at;
}

Status append_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto plain = plain_run(text);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto rest = text;
        if (!take_code_point(text)) return refuse("a string is not UTF-8");
        if (rest.front() == '"' || rest.front() == '\\')
            (out += '\\') += rest.front();
        else if (static_cast<unsigned char>(rest.front()) < 0x20)
            append_escaped(out, static_cast<unsigned char>(rest.front()));
        else
            out += rest.substr(0, rest.size() - text.size());
    }
    out += '"';
    return {};
}

Status append_number(std::string& out, const json::value& value) {
    if (value.is_uint64() && value.get_uint64() > static_cast<std::uint64_t>(kMostExact))
        return refuse("a number is beyond 2^53");
    const auto number = value.is_uint64() ? static_cast<std::int64_t>(value.get_uint64()) : value.get_int64();
    if (number < -kMostExact || number > kMostExact) return refuse("a number is beyond 2^53");
    out += std::to_string(number);
    return {};
}

Status append_value(std::string& out, const json::value& value, int depth);

Status append_array(std::string& out, const json::array& array, int depth) {
    out += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i != 0) out += ',';
        CHECK(append_value(out, array[i], depth));
    }
    out += ']';
    return {};
}

using Member = const json::key_value_pair*;

Status sort_by_units(std::vector<Member>& members) {
    std::vector<std::pair<std::u16string, Member>> keyed;
    for (const auto* member : members) {
        auto units = to_utf16(member->key());
        if (!units) return refuse("a key is not UTF-8");
        keyed.emplace_back(std::move(*units), member);
    }
    std::ranges::sort(keyed, {}, [](const auto& one) -> const std::u16string& { return one.first; });
    std::ranges::transform(keyed, members.begin(), [](const auto& one) { return one.second; });
    return {};
}

Status append_object(std::string& out, const json::object& object, int depth) {
    std::vector<Member> members;
    for (const auto& member : object) members.push_back(&member);
    const auto key_of = [](Member member) -> std::string_view { return member->key(); };
    // Bytes of ASCII order as their units do.
    const bool plain =
        std::ranges::all_of(members, [](std::string_view key) { return plain_run(key) == key.size(); }, key_of);
    if (plain)
        std::ranges::sort(members, {}, key_of);
    else
        CHECK(sort_by_units(members));
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i != 0) out += ',';
        CHECK(append_string(out, members[i]->key()));
        out += ':';
        CHECK(append_value(out, members[i]->value(), depth));
    }
    out += '}';
    return {};
}

Status append_value(std::string& out, const json::value& value, int depth) {
    if (depth > kDeepest) return refuse("nested too deeply");
    switch (value.kind()) {
    case json::kind::null:
        out += "null";
        return {};
    case json::kind::bool_:
        out += value.get_bool() ? "true" : "false";
        return {};
    case json::kind::string:
        return append_string(out, value.get_string());
    case json::kind::array:
        return append_array(out, value.get_array(), depth + 1);
    case json::kind::object:
        return append_object(out, value.get_object(), depth + 1);
    case json::kind::int64:
    case json::kind::uint64:
        return append_number(out, value);
    case json::kind::double_:
        break;
    }
    return refuse("a number is not an integer");
}

} // namespace

Result<std::string> canonical(const json::value& value) {
    std::string out;
    CHECK(append_value(out, value, 0));
    return out;
}

} // namespace owhale::audit
