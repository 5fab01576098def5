// What the variables of loops in code stand for.
#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

// What a loop's variable is: the only one, or one of several.
Thing one_of(Thing all) {
    if (!all.is_list || all.is_object) return all;
    if (all.parts != nullptr && all.parts->size() == 1) return all.parts->front();
    if (all.parts == nullptr && all.list.size() == 1) return text_of(all.list.front());
    all.any = true;
    return all;
}

} // namespace

// What a loop's variable is must be known where it is used, which in a comprehension is before the loop. What is looked at
// here is looked at again later, and counts then.
void Evaluator::loops() {
    if (language_.name != "python" && language_.name != "javascript" && language_.name != "php" &&
        language_.name != "perl")
        return;
    const Scanned before = out_;
    for (std::size_t i = 0, found = 0; i < tokens_.size() && found < 64; ++i)
        if (tokens_[i].kind == TokenKind::name && loop_over(i)) ++found;
    out_ = before;
    folder_.clear();
    called_.clear();
    socket_ = dup_ = sends_ = shell_ = false;
    at_ = 0;
}

// for x in ALL, for (const x of ALL), foreach (ALL as $x)
bool Evaluator::loop_over(std::size_t at) {
    const auto& word = tokens_[at].text;
    const auto is_one = [&](std::size_t i) { return i < tokens_.size() && tokens_[i].kind == TokenKind::name; };
    if ((word == "in" || word == "of") && at > 1 && is_one(at - 1)) {
        std::size_t first = at - 1;
        while (first > 1 && tokens_[first - 1].text == "," && is_one(first - 2)) first -= 2;
        if (tokens_[first - 1].text == "(" && first > 1 && word == "in") --first;
        const auto& opens = tokens_[first - 1].text;
        if (opens != "for" && opens != "const" && opens != "let" && opens != "var") return false;
        if (tokens_[first].text == "(") ++first;
        at_ = at + 1;
        bind(tokens_[first].text, one_of(expression(1)));
        return true;
    }
    if (language_.name == "perl" && (word == "foreach" || word == "for")) { // for (ALL), … for ALL, for my $x (ALL)
        at_ = at + 1;
        std::string name = "_";
        if (is("my")) ++at_;
        if (is("$") && is_name(1)) name = peek(1)->text, at_ += 2;
        bind(name, one_of(expression(1)));
        return true;
    }
    if (word != "foreach") return false;
    at_ = at + 2;
    const Thing all = one_of(expression(1));
    if (!is("as")) return true; // looked at all the same: so many are looked at, no more
    for (std::size_t i = at_ + 1; i < tokens_.size() && tokens_[i].text != ")"; ++i)
        if (is_one(i)) bind(tokens_[i].text, all);
    return true;
}

// list.forEach(x => …), list.each { |x| … }: the block's variable.
void Evaluator::bind_each(const Thing& all) {
    const std::size_t open = is("(") && is("(", 1) ? 2 : 1;
    const bool arrow = is("(") && is_name(open) &&
                       (is("=>", open + 1) || is("=>", open + 2) || is("=", open + 1) || is("=", open + 2));
    const bool block = (is("{") || is("do")) && is("|", 1) && is_name(2);
    if (arrow) bind(peek(open)->text, one_of(all));
    if (block) bind(peek(2)->text, one_of(all));
}

} // namespace owhale::policy::normal
