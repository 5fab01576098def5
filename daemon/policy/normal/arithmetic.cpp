// A precedence climber over constants.
#include "policy/normal/arithmetic.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxText = 1024;
constexpr int kMaxDepth = 32;

struct Operator {
    std::string_view text;
    int strength;
};
constexpr Operator kOperators[] = {{"**", 11}, {"||", 1}, {"&&", 2}, {"<<", 8}, {">>", 8}, {"<=", 7}, {">=", 7},
                                   {"==", 6},  {"!=", 6}, {"|", 3},  {"^", 4},  {"&", 5},  {"<", 7},  {">", 7},
                                   {"+", 9},   {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10}};

class Reader {
public:
    Reader(std::string_view text, const std::function<std::optional<std::string>(std::string_view)>& variable)
        : text_(text), variable_(variable) {}

    std::optional<std::int64_t> read() {
        const auto value = expression(0, 0);
        skip();
        return bad_ || at_ != text_.size() ? std::nullopt : std::optional(value);
    }

private:
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    }

    std::int64_t fail() {
        bad_ = true;
        return 0;
    }

    std::int64_t expression(int floor, int depth) {
        if (depth > kMaxDepth) return fail();
        auto left = operand(depth);
        while (!bad_) {
            skip();
            const Operator* found = nullptr;
            for (const auto& row : kOperators)
                if (found == nullptr && text_.substr(at_).starts_with(row.text)) found = &row;
            if (found == nullptr || found->strength < floor || found->strength == 0) break;
            at_ += found->text.size();
            if (at_ < text_.size() && text_[at_] == '=') return fail(); // an assignment
            const auto right = expression(found->strength + (found->text == "**" ? 0 : 1), depth + 1);
            left = apply(found->text, left, right);
        }
        return left;
    }

    std::int64_t apply(std::string_view op, std::int64_t a, std::int64_t b) {
        const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
        if (op == "+") return static_cast<std::int64_t>(ua + ub);
        if (op == "-") return static_cast<std::int64_t>(ua - ub);
        if (op == "*") return static_cast<std::int64_t>(ua * ub);
        if (op == "/" || op == "%") {
            if (b == 0 || b == -1) return b == 0 ? fail() : op == "/" ? static_cast<std::int64_t>(0 - ua) : 0;
            return op == "/" ? a / b : a % b;
        }
        if (op == "**") return power(ua, b);
        if (op == "<<") return b < 0 || b > 62 ? fail() : static_cast<std::int64_t>(ua << ub);
        if (op == ">>") return b < 0 || b > 62 ? fail() : a >> b;
        if (op == "&") return a & b;
        if (op == "|") return a | b;
        if (op == "^") return a ^ b;
        if (op == "==") return a == b;
        if (op == "!=") return a != b;
        if (op == "<") return a < b;
        if (op == ">") return a > b;
        if (op == "<=") return a <= b;
        if (op == ">=") return a >= b;
        return op == "&&" ? (a != 0 && b != 0) : (a != 0 || b != 0);
    }

    std::int64_t power(std::uint64_t base, std::int64_t by) {
        if (by < 0 || by > 63) return fail();
        std::uint64_t out = 1;
        for (; by > 0; --by) out *= base;
        return static_cast<std::int64_t>(out);
    }

    std::int64_t operand(int depth) {
        skip();
        if (at_ >= text_.size() || depth > kMaxDepth) return fail();
        const char c = text_[at_];
        if (c == '(') {
            ++at_;
            const auto value = expression(0, depth + 1);
            skip();
            if (at_ >= text_.size() || text_[at_++] != ')') return fail();
            return value;
        }
        if (c == '-' || c == '+' || c == '!' || c == '~') {
            ++at_;
            if (at_ < text_.size() && text_[at_] == c && (c == '-' || c == '+')) return fail(); // ++x
            const auto value = operand(depth + 1);
            return c == '-'   ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value))
                   : c == '!' ? value == 0
                   : c == '~' ? ~value
                              : value;
        }
        if (c >= '0' && c <= '9') return number();
        return name();
    }

    std::int64_t digits(int base) {
        std::uint64_t value = 0;
        const auto start = at_;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'z' ? c - 'a' + 10
                              : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                                     : 99;
            if (digit >= base) break;
            value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
        }
        return at_ == start ? fail() : static_cast<std::int64_t>(value);
    }

    std::int64_t number() {
        if (text_[at_] == '0' && at_ + 1 < text_.size()) {
            if (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X') {
                at_ += 2;
                return digits(16);
            }
            if (text_[at_ + 1] >= '0' && text_[at_ + 1] <= '7') return digits(8);
        }
        const auto value = digits(10);
        if (at_ >= text_.size() || text_[at_] != '#') return value;
        ++at_;
        return value < 2 || value > 36 ? fail() : digits(static_cast<int>(value));
    }

    std::int64_t name() {
        if (text_[at_] == '$') ++at_;
        const bool braced = at_ < text_.size() && text_[at_] == '{';
        if (braced) ++at_;
        const auto start = at_;
        while (at_ < text_.size() &&
               (text_[at_] == '_' || (text_[at_] >= '0' && text_[at_] <= '9') ||
                (text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z')))
            ++at_;
        if (at_ == start) return fail();
        const auto name = text_.substr(start, at_ - start);
        if (braced && (at_ >= text_.size() || text_[at_++] != '}')) return fail();
        const auto value = variable_(name);
        if (!value || value->size() > 20) return fail();
        if (value->empty()) return 0;
        std::int64_t out = 0;
        const bool minus = value->front() == '-';
        for (const char c : value->substr(minus ? 1 : 0)) {
            if (c < '0' || c > '9' || out > (INT64_MAX - 9) / 10) return fail();
            out = out * 10 + (c - '0');
        }
        return minus ? -out : out;
    }

    std::string_view text_;
    const std::function<std::optional<std::string>(std::string_view)>& variable_;
    std::size_t at_ = 0;
    bool bad_ = false;
};

} // namespace

std::optional<std::int64_t> arithmetic(std::string_view text,
                                       const std::function<std::optional<std::string>(std::string_view)>& variable) {
    if (text.size() > kMaxText) return std::nullopt;
    return Reader(text, variable).read();
}

} // namespace owhale::policy::normal
