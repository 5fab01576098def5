// What stands in braces: statements, or the members of an object.
#include <algorithm>

#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

} // namespace

bool Evaluator::opens_block() const {
    if (language_.name == "python") return false;
    if (language_.name == "awk" || at_ == 0) return true;
    const Token& before = tokens_[at_ - 1];
    if (before.kind == TokenKind::line) return true;
    if (before.kind == TokenKind::name) {
        constexpr std::string_view kValues[] = {"return", "yield", "await", "default", "throw", "in", "of", "print"};
        return std::ranges::find(kValues, before.text) == std::end(kValues);
    }
    if (before.kind != TokenKind::sign) return false;
    const bool arrow = before.text == "=>" && language_.name == "javascript";
    return arrow || before.text == ")" || before.text == ";" || before.text == "}" || before.text == "{";
}

Thing Evaluator::braced(int depth) {
    if (depth > kMaxDepth) {
        ++at_;
        return {};
    }
    if (!opens_block()) return object(depth);
    block(depth);
    return {};
}

void Evaluator::block(int depth) {
    ++at_;
    while (at_ < tokens_.size() && !is("}")) {
        const auto before = at_;
        statement(depth + 1);
        if (at_ == before) ++at_;
    }
    if (at_ < tokens_.size()) ++at_;
}

// {key: value, 'key': value, 'key' => value, one, ...others}
Thing Evaluator::object(int depth) {
    ++at_;
    std::vector<Thing> members;
    while (at_ < tokens_.size() && !is("}")) {
        const auto before = at_;
        const bool spread = is("*") || is("..");
        while (is("*") || is("..") || is(".")) ++at_;
        const bool named = is_name() && is(":", 1);
        std::string key = named ? peek()->text : "";
        if (named) at_ += 2;
        Thing value = expression(depth + 1);
        if (!named && (is(":") || is("=>") || is("="))) {
            key = is_text(value) || value.is_name ? value.text : "";
            ++at_;
            value = expression(depth + 1);
        }
        value.keyword = key;
        if (spread && value.parts != nullptr)
            members.insert(members.end(), value.parts->begin(), value.parts->end());
        else if (members.size() < kMaxList)
            members.push_back(std::move(value));
        while (at_ < tokens_.size() && !is(",") && !is("}") && !is(";")) { // what is not understood
            const auto inner = at_;
            if (is("{"))
                braced(depth + 1);
            else
                expression(depth + 1);
            if (at_ == inner) ++at_;
        }
        if (is(",") || is(";") || at_ == before) ++at_;
    }
    if (at_ < tokens_.size()) ++at_;
    Thing out = list_of(std::move(members));
    std::erase(out.list, kHole);
    out.is_object = true;
    return out;
}

} // namespace owhale::policy::normal
