#include "policy/alternatives.hpp"

#include <algorithm>

namespace owhale::policy {
namespace {

constexpr std::size_t kMost = 256;
constexpr int kDeepest = 8;

using Texts = std::vector<std::string>;

class Expanding {
public:
    explicit Expanding(std::string_view pattern) : pattern_(pattern) {}

    std::optional<Texts> all() {
        auto out = sequence(0);
        return good_ ? std::optional(std::move(out)) : std::nullopt;
    }

private:
    // Up to the end, or to the , or } of the alternatives that it stands in.
    Texts sequence(int depth) {
        Texts out = {""};
        while (at_ < pattern_.size() && good_) {
            const char byte = pattern_[at_];
            if (depth > 0 && (byte == ',' || byte == '}')) break;
            if (byte == '{' && has_alternatives(pattern_, at_)) {
                join(out, alternatives(depth));
                continue;
            }
            for (auto& text : out) text += byte;
            ++at_;
        }
        return out;
    }

    Texts alternatives(int depth) {
        Texts out;
        good_ = good_ && depth + 1 < kDeepest;
        while (good_) {
            ++at_; // { or ,
            for (auto& text : sequence(depth + 1)) out.push_back(std::move(text));
            good_ = good_ && at_ < pattern_.size() && out.size() <= kMost;
            if (good_ && pattern_[at_] == '}') break;
        }
        ++at_;
        return out;
    }

    void join(Texts& to, const Texts& more) {
        Texts out;
        good_ = good_ && to.size() * more.size() <= kMost;
        if (!good_) return;
        const bool followed = at_ < pattern_.size() && pattern_[at_] == '*';
        for (const auto& a : to)
            for (const auto& b : more) {
                out.push_back(a + b);
                // Stars that meet would become one **.
                const bool meet = (a.ends_with('*') && b.starts_with('*')) || (followed && out.back().ends_with('*'));
                good_ = good_ && !meet;
            }
        to = std::move(out);
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    bool good_ = true;
};

} // namespace

std::size_t range_end(std::string_view pattern, std::size_t from) {
    std::size_t at = from + 1;
    while (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') at += 3;
    return at > from + 1 && at < pattern.size() && pattern[at] == ']' ? at : 0;
}

bool has_alternatives(std::string_view pattern, std::size_t from) {
    int open = 0;
    for (; from < pattern.size(); ++from) {
        if (pattern[from] == '{') ++open;
        if (pattern[from] == '}' && --open == 0) return true;
    }
    return false;
}

std::optional<std::vector<std::string>> alternatives_of(std::string_view pattern) {
    auto out = Expanding(pattern).all();
    // Nor must a bracket of one and what stands beside it become a range.
    const auto has_range = [](const std::string& text) {
        for (auto at = text.find('['); at != std::string::npos; at = text.find('[', at + 1))
            if (range_end(text, at) > 0) return true;
        return false;
    };
    if (out && std::ranges::any_of(*out, has_range)) return std::nullopt;
    return out;
}

} // namespace owhale::policy
