#include "shared/codec.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <set>

#include "shared/nearest.hpp"

namespace owhale::codec {
namespace {

using boost::json::error_code;
using View = boost::json::string_view;

constexpr std::size_t kQuoted = 60; // bytes of a client's own text that an error repeats

// A key as an error may show it: cut, and never with a control character in it.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, kQuoted)) out += (static_cast<unsigned char>(c) < ' ' || c == 0x7f) ? '?' : c;
    while (!is_utf8(out)) out.pop_back();
    return text.size() > kQuoted ? out + "…" : out;
}

// Builds the value as boost::json::parse would, and notes which keys each open object has had.
class Builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    Builder() { stack_.reset(); }
    boost::json::value release() { return stack_.release(); }
    const std::optional<std::string>& duplicate() const { return duplicate_; }
    bool infinite() const { return infinite_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) {
        open_.push_back({true, 0, {}, {}});
        return true;
    }
    bool on_object_end(std::size_t count, error_code&) {
        open_.pop_back();
        stack_.push_object(count);
        return closed_value();
    }
    bool on_array_begin(error_code&) {
        open_.push_back({false, 0, {}, {}});
        return true;
    }
    bool on_array_end(std::size_t count, error_code&) {
        open_.pop_back();
        stack_.push_array(count);
        return closed_value();
    }
    bool on_key_part(View part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(View part, std::size_t, error_code& ec) {
        key_.append(part.data(), part.size());
        stack_.push_key(part);
        auto& object = open_.back();
        object.key = std::exchange(key_, {});
        if (object.seen.insert(object.key).second) return true;
        duplicate_ = place();
        ec = boost::system::errc::make_error_code(boost::system::errc::file_exists);
        return false;
    }
    bool on_string_part(View part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(View part, std::size_t, error_code&) {
        stack_.push_string(part);
        return closed_value();
    }
    bool on_number_part(View, error_code&) { return true; }
    bool on_int64(std::int64_t number, View, error_code&) {
        stack_.push_int64(number);
        return closed_value();
    }
    bool on_uint64(std::uint64_t number, View, error_code&) {
        stack_.push_uint64(number);
        return closed_value();
    }
    bool on_double(double number, View, error_code& ec) {
        infinite_ = !std::isfinite(number);
        if (infinite_) ec = boost::system::errc::make_error_code(boost::system::errc::result_out_of_range);
        stack_.push_double(number);
        return closed_value() && !infinite_;
    }
    bool on_bool(bool flag, error_code&) {
        stack_.push_bool(flag);
        return closed_value();
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return closed_value();
    }
    bool on_comment_part(View, error_code&) { return true; }
    bool on_comment(View, error_code&) { return true; }

    std::string place() const {
        std::string text;
        for (const auto& level : open_) {
            if (!level.object)
                text += "[" + std::to_string(level.count) + "]";
            else
                text += (text.empty() ? "" : ".") + shown(level.key);
        }
        return text;
    }

private:
    struct Level {
        bool object;
        std::size_t count;          // elements so far, of an array
        std::string key;            // the one being read, of an object
        std::set<std::string> seen; // ordered: no client can make it collide
    };

    bool closed_value() {
        if (!open_.empty()) ++open_.back().count;
        return true;
    }

    boost::json::value_stack stack_;
    std::vector<Level> open_;
    std::string key_;
    std::optional<std::string> duplicate_;
    bool infinite_ = false;
};

// Length of the well-formed sequence at the start of `text`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto within = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
    const auto tail = [&](std::size_t i) { return within(i, 0x80, 0xbf); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return within(1, low, high) && tail(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return within(1, low, high) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

std::size_t utf8_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto length = sequence_length(text.substr(at));
        if (length == 0) break;
        at += length;
    }
    return at;
}

std::unexpected<Error> refuse(const Builder& builder, const error_code& ec, std::string_view what, std::size_t at) {
    const std::string where = std::string(what) + ": ";
    if (builder.duplicate())
        return fail(Code::duplicate_key, where + "\"" + *builder.duplicate() + "\" stands twice", "Leave one of them.");
    if (ec == boost::json::error::too_deep)
        return fail(Code::too_deep, where + "nested more than " + std::to_string(kMaxDepth) + " deep");
    if (builder.infinite()) return fail(Code::malformed_json, where + "a number is out of range at " + builder.place());
    const auto reason = ec == boost::json::error::incomplete ? std::string("ends too early") : ec.message();
    return fail(Code::malformed_json, where + "not valid JSON: " + reason + " at byte " + std::to_string(at));
}

std::string_view kind_of(const boost::json::value& value) {
    switch (value.kind()) {
    case boost::json::kind::null:
        return "null";
    case boost::json::kind::bool_:
        return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
        return "a number";
    case boost::json::kind::double_:
        return "a floating-point number";
    case boost::json::kind::string:
        return "a string";
    case boost::json::kind::array:
        return "an array";
    case boost::json::kind::object:
        return "an object";
    }
    return "something else";
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const auto word : words) (text += text.empty() ? "" : ", ") += word;
    return text;
}

} // namespace

bool is_utf8(std::string_view text) {
    return utf8_prefix(text) == text.size();
}

Result<boost::json::value> parse(std::string_view text, std::string_view what) {
    if (const auto good = utf8_prefix(text); good != text.size())
        return fail(Code::malformed_json, std::string(what) + ": not valid UTF-8 at byte " + std::to_string(good));
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::basic_parser<Builder> parser(options);
    error_code ec;
    const auto used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (ec) return refuse(parser.handler(), ec, what, used);
    return parser.handler().release();
}

namespace detail {

std::string Place::text() const {
    std::string prefix = above != nullptr ? above->text() : "";
    if (index) return prefix + "[" + std::to_string(*index) + "]";
    if (prefix.empty()) return shown(key);
    return prefix + "." + shown(key);
}

namespace {

std::string named(const Place& place) {
    const auto text = place.text();
    return text.empty() ? "the body" : "\"" + text + "\"";
}

} // namespace

Error wrong_type(const Place& place, std::string_view expected, const boost::json::value& value) {
    const auto message = named(place) + " must be " + std::string(expected) + ", not " + std::string(kind_of(value));
    return {Code::invalid_value, message, {}, 0, {}};
}

Error out_of_range(const Place& place, std::string_view low, std::string_view high) {
    const auto message = named(place) + " must be between " + std::string(low) + " and " + std::string(high);
    return {Code::invalid_value, message, {}, 0, {}};
}

Error missing(const Place& place) {
    return {Code::invalid_value, named(place) + " is missing", {}, 0, {}};
}

Error unknown(const Place& place, const std::vector<std::string_view>& known) {
    std::string next = "Known here: " + joined(known) + ".";
    if (const auto close = nearest(place.key, known)) next = "Did you mean \"" + std::string(*close) + "\"? " + next;
    return {Code::unknown_field, named(place) + " is not a known field", next, 0, {}};
}

std::optional<std::uint64_t> unsigned_of(const boost::json::value& value, bool& integer) {
    integer = value.is_int64() || value.is_uint64();
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    return std::nullopt;
}

std::optional<std::int64_t> signed_of(const boost::json::value& value, bool& integer) {
    integer = value.is_int64() || value.is_uint64();
    if (value.is_int64()) return value.get_int64();
    return std::nullopt; // Boost.JSON keeps as uint64 only what int64 cannot hold
}

} // namespace detail
} // namespace owhale::codec
