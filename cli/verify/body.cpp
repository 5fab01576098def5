#include "cli/verify/body.hpp"

#include <array>
#include <emmintrin.h>

#include "cli/escape.hpp"
#include "cli/events.hpp"

namespace owhale::cli::verify {
namespace {

constexpr int kDeepest = 66; // the writer's 64 below the event's own object
constexpr std::uint64_t kMostExact = (std::uint64_t{1} << 53) - 1;

bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

struct Key {
    std::string_view raw;
    bool plain = true; // ASCII without escapes: its bytes order as its UTF-16 units do
};

// The UTF-16 units of a canonical string, which is whole.
std::u16string units_of(std::string_view raw) {
    std::u16string out;
    while (!raw.empty()) {
        if (raw.front() == '\\') {
            constexpr std::string_view kNames = "btnfr\"\\", kValues = "\b\t\n\f\r\"\\";
            const auto named = kNames.find(raw[1]);
            const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
            out += named != kNames.npos ? static_cast<char16_t>(kValues[named])
                                        : static_cast<char16_t>(16 * digit(raw[4]) + digit(raw[5]));
            raw.remove_prefix(named != kNames.npos ? 2 : 6);
            continue;
        }
        const auto [point, length] = decode(raw);
        if (point < 0x10000) {
            out += static_cast<char16_t>(point);
        } else {
            out += static_cast<char16_t>(0xd7c0 + (point >> 10));
            out += static_cast<char16_t>(0xdc00 | (point & 0x3ff));
        }
        raw.remove_prefix(length);
    }
    return out;
}

bool before(const Key& a, const Key& b) {
    return a.plain && b.plain ? a.raw < b.raw : units_of(a.raw) < units_of(b.raw);
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

    const char* at() const { return at_; }
    bool at_end() const { return at_ == end_; }
    bool take(std::string_view literal) {
        if (!std::string_view(at_, end_).starts_with(literal)) return false;
        at_ += literal.size();
        return true;
    }
    std::optional<Key> string() {
        if (!take("\"")) return {};
        Key key;
        const char* begin = at_;
        for (;;) {
            skip_plain();
            if (at_ == end_) return {};
            if (*at_ == '"') break;
            key.plain = false;
            if (*at_ == '\\' ? !escape() : !character()) return {};
        }
        key.raw = {begin, at_};
        ++at_;
        return key;
    }
    bool value(int depth) {
        if (at_ == end_ || depth > kDeepest) return false;
        switch (*at_) {
        case '"':
            return string().has_value();
        case '{':
            return object(depth + 1);
        case '[':
            return array(depth + 1);
        case 't':
            return take("true");
        case 'f':
            return take("false");
        case 'n':
            return take("null");
        default:
            return number();
        }
    }

private:
    void skip_plain() {
        const auto low = _mm_set1_epi8(0x1f), quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
        for (; end_ - at_ >= 16; at_ += 16) {
            const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
            // Signed: what is 0x80 and more is below, too.
            const auto odd = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)),
                                          _mm_cmpgt_epi8(_mm_add_epi8(low, _mm_set1_epi8(1)), bytes));
            if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(odd)); mask != 0) {
                at_ += __builtin_ctz(mask);
                return;
            }
        }
        while (at_ != end_ && is_plain(static_cast<unsigned char>(*at_))) ++at_;
    }
    bool character() {
        const auto byte = static_cast<unsigned char>(*at_);
        const auto length = byte < 0x80 ? 0 : decode(std::string_view(at_, end_)).length;
        at_ += length;
        return length != 0;
    }
    bool escape() {
        if (end_ - at_ < 2) return false;
        if (std::string_view("btnfr\"\\").contains(at_[1])) {
            at_ += 2;
            return true;
        }
        if (end_ - at_ < 6 || !std::string_view(at_, 4).starts_with("\\u00")) return false;
        const char high = at_[4], low = at_[5];
        const bool control = (high == '0' || high == '1') && ((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f'));
        const bool named = high == '0' && std::string_view("89acd").contains(low);
        at_ += 6;
        return control && !named;
    }
    bool number() {
        const bool negative = take("-");
        if (at_ == end_ || *at_ < '0' || *at_ > '9') return false;
        const bool zero = *at_ == '0';
        std::uint64_t value = 0;
        const char* begin = at_;
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
            if (at_ - begin >= 16) return false;
            value = 10 * value + static_cast<std::uint64_t>(*at_ - '0');
        }
        return value <= kMostExact && (!zero || (at_ - begin == 1 && !negative));
    }
    bool array(int depth) {
        ++at_;
        if (take("]")) return true;
        do
            if (!value(depth)) return false;
        while (take(","));
        return take("]");
    }
    bool object(int depth) {
        ++at_;
        if (take("}")) return true;
        std::optional<Key> last;
        do {
            auto key = string();
            if (!key || (last && !before(*last, *key)) || !take(":") || !value(depth)) return false;
            last = key;
        } while (take(","));
        return take("}");
    }
    const char* at_;
    const char* end_;
};

bool take_member(Scanner& scanner, std::string_view name, std::string_view& to) {
    if (!scanner.take(name)) return false;
    const auto text = scanner.string();
    if (text) to = text->raw;
    return text.has_value();
}

bool two_digits(std::string_view text, std::size_t at, int& to) {
    const char a = text[at], b = text[at + 1];
    to = 10 * (a - '0') + (b - '0');
    return a >= '0' && a <= '9' && b >= '0' && b <= '9';
}

// Days since 1970 of a date of the Gregorian calendar: years begin in March, eras have 400 of them.
std::int64_t days_since_1970(int year, int month, int day) {
    const std::int64_t y = month <= 2 ? year - 1 : year;
    const std::int64_t era = y / 400, of_era = y % 400;
    const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

} // namespace

std::optional<Body> read_body(std::string_view json) {
    Scanner scanner(json);
    Body body;
    if (!scanner.take("{\"data\":")) return {};
    const char* data = scanner.at();
    if (scanner.at_end() || *data != '{' || !scanner.value(1)) return {};
    body.data = {data, scanner.at()};
    const bool members = take_member(scanner, ",\"event\":", body.event) && take_member(scanner, ",\"id\":", body.id) &&
                         take_member(scanner, ",\"outcome\":", body.outcome) &&
                         take_member(scanner, ",\"principal\":", body.principal) &&
                         take_member(scanner, ",\"run\":", body.run) && take_member(scanner, ",\"time\":", body.time);
    if (!members || !scanner.take(",\"v\":1") || !take_member(scanner, ",\"verb\":", body.verb)) return {};
    return scanner.take("}") && scanner.at_end() ? std::optional(body) : std::nullopt;
}

bool is_canonical(std::string_view json) {
    Scanner scanner(json);
    return scanner.value(0) && scanner.at_end();
}

std::optional<std::string> between_quotes(std::string_view text) {
    if (!is_utf8(text)) return {};
    constexpr std::string_view kHex = "0123456789abcdef", kNamed = "\b\t\n\f\r\"\\", kNames = "btnfr\"\\";
    std::string out;
    for (const char c : text) {
        if (const auto named = kNamed.find(c); named != kNamed.npos)
            (out += '\\') += kNames[named];
        else if (static_cast<unsigned char>(c) < 0x20)
            ((out += "\\u00") += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[c & 15];
        else
            out += c;
    }
    return out;
}

std::optional<std::int64_t> microseconds(std::string_view time) {
    constexpr std::string_view kForm = "0000-00-00T00:00:00.000000Z";
    if (time.size() != kForm.size()) return {};
    std::array<int, 10> pairs{};
    constexpr std::array<std::size_t, 10> kAt = {0, 2, 5, 8, 11, 14, 17, 20, 22, 24};
    for (std::size_t i = 0; i < kAt.size(); ++i)
        if (!two_digits(time, kAt[i], pairs[i])) return {};
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] != '0' && kForm[i] != time[i]) return {};
    const auto [y1, y2, month, day, hour, minute, second, a, b, c] = pairs;
    const auto days = days_since_1970(100 * y1 + y2, month, day);
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000 + (a * 100 + b) * 100 + c;
}

} // namespace owhale::cli::verify
