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

Status append_string(std::string& out, std::string_view text) {
    for (auto rest = text; !rest.empty();)
        if (!take_code_point(rest)) return refuse("a string is not UTF-8");
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20)
            append_escaped(out, static_cast<unsigned char>(c));
        else
            out += c;
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

Status append_object(std::string& out, const json::object& object, int depth) {
    std::vector<std::pair<std::u16string, const json::key_value_pair*>> members;
    for (const auto& member : object) {
        auto units = to_utf16(member.key());
        if (!units) return refuse("a key is not UTF-8");
        members.emplace_back(std::move(*units), &member);
    }
    std::ranges::sort(members, {}, [](const auto& member) -> const std::u16string& { return member.first; });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i != 0) out += ',';
        CHECK(append_string(out, members[i].second->key()));
        out += ':';
        CHECK(append_value(out, members[i].second->value(), depth));
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
