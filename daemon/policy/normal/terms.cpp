// The parts of an expression: names, lists, calls, members, subscripts.
#include <algorithm>

#include "policy/normal/evaluator.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

// The variable HOME, as languages name it.
bool means_home(std::string_view name) {
    constexpr std::string_view kNames[] = {"os.environ.HOME",
                                           "environ.HOME",
                                           "process.env.HOME",
                                           "env.HOME",
                                           "ENV.HOME",
                                           "_SERVER.HOME",
                                           "_ENV.HOME",
                                           "$_SERVER.HOME",
                                           "$_ENV.HOME",
                                           "Dir.home",
                                           "process.env.USERPROFILE",
                                           "$HOME",
                                           "$env.HOME"};
    return std::ranges::find(kNames, name) != std::end(kNames);
}

} // namespace

Thing Evaluator::term(int depth) {
    if (at_ >= tokens_.size()) return {};
    if (depth > kMaxDepth) {
        ++at_;
        return {};
    }
    const Token& token = tokens_[at_];
    if (token.kind == TokenKind::string) {
        Thing value;
        value.known = true;
        value.text = token.text;
        ++at_;
        return after(std::move(value), depth);
    }
    if (token.kind == TokenKind::shell) {
        out_.shell.push_back(token.text);
        called_.insert("`");
        shell_ = true;
        ++at_;
        return {};
    }
    if (token.kind == TokenKind::number) {
        Thing value;
        value.known = true;
        value.text = token.text;
        ++at_;
        return value;
    }
    if (token.kind == TokenKind::name) return name(depth);
    if (token.kind == TokenKind::line) return {};
    if (token.text == "(") {
        ++at_;
        return after(bracketed(")", depth), depth);
    }
    if (token.text == "[") {
        ++at_;
        Thing list;
        list.known = list.is_list = true;
        for (auto& item : arguments("]", depth)) {
            if (item.is_list)
                list.list.insert(list.list.end(), item.list.begin(), item.list.end());
            else if (item.is_name && (item.text == "sys.executable" || item.text == "process.execPath"))
                list.list.push_back(language_.name == "python" ? "python3" : "node");
            else
                list.list.push_back(item.known && !item.is_name ? item.text : std::string(kHole));
            list.decoded |= item.decoded;
            list.fetched |= item.fetched;
        }
        if (list.list.size() > kMaxList) list.list.resize(kMaxList);
        return after(std::move(list), depth);
    }
    if (token.text == "{") { // an object: what its members are
        ++at_;
        Thing list;
        list.known = list.is_list = true;
        for (auto& item : arguments("}", depth)) {
            if (item.is_list)
                list.list.insert(list.list.end(), item.list.begin(), item.list.end());
            else if (item.known && !item.is_name)
                list.list.push_back(item.text);
            list.secret |= item.secret;
        }
        list.is_object = true;
        if (list.list.size() > kMaxList) list.list.resize(kMaxList);
        return list;
    }
    ++at_;
    if (token.text == "\\" || token.text == "&" || token.text == "$" || token.text == "@" || token.text == "-" ||
        token.text == "!")
        return term(depth + 1);
    return {};
}

// ( … ): one value, or a list of them.
Thing Evaluator::bracketed(std::string_view close, int depth) {
    auto items = arguments(close, depth);
    if (items.size() == 1) return items[0];
    Thing list;
    list.known = list.is_list = true;
    for (const auto& item : items) {
        if (list.list.size() < kMaxList)
            list.list.push_back(item.known && !item.is_name ? item.text : std::string(kHole));
        list.decoded |= item.decoded;
    }
    return list;
}

Evaluator::Arguments Evaluator::arguments(std::string_view close, int depth) {
    Arguments out;
    while (at_ < tokens_.size() && !is(close)) {
        const auto before = at_;
        // name=value and name: value are told by their value
        if (is_name() && (is("=", 1) || (is(":", 1) && close != "]")) && !is("=", 2)) at_ += 2;
        Thing value = expression(depth + 1);
        if (out.size() < kMaxList && !(at_ == before)) out.push_back(std::move(value));
        while (at_ < tokens_.size() && !is(",") && !is(close) && !is(";")) {
            const auto inner = at_;
            if (is("(") || is("[") || is("{")) {
                const std::string open = peek()->text;
                ++at_;
                if (depth > kMaxDepth) continue;
                bracketed(open == "(" ? ")" : open == "[" ? "]" : "}", depth + 1);
            } else
                expression(depth + 1);
            if (at_ == inner) ++at_;
        }
        if (is(",") || is(";") || at_ == before) ++at_;
    }
    if (at_ < tokens_.size()) ++at_;
    return out;
}

Thing Evaluator::name(int depth) {
    Thing value;
    const std::string word = peek()->text;
    ++at_;
    if (word == "new" && is_name()) return name(depth + 1);
    if (word == "await" || word == "async") return term(depth + 1);
    const auto known = values_.find(word);
    if (known != values_.end() && !known->second.is_name && !is("(")) {
        Thing copy = known->second;
        return after(std::move(copy), depth);
    }
    const bool called = known != values_.end() && is("(") && language_.name == "php"; // $f = "system"; $f("…")
    if (called && known->second.known && !known->second.is_list &&
        effect_of(language_, known->second.text) != Effect::none) {
        value.is_name = true;
        value.text = known->second.text;
        return after(std::move(value), depth);
    }
    const auto alias = names_.find(word);
    value.is_name = true;
    value.text = alias == names_.end() ? word : alias->second;
    return after(std::move(value), depth);
}

Thing Evaluator::subscript(Thing base, int depth) {
    ++at_;
    if (is(":") && is(":", 1) && is("-", 2)) { // [::-1]
        while (at_ < tokens_.size() && !is("]")) ++at_;
        ++at_;
        if (base.is_list)
            std::ranges::reverse(base.list);
        else if (base.text.find('\0') == std::string::npos)
            std::ranges::reverse(base.text);
        base.decoded = true;
        return base;
    }
    if (is("::")) {
        while (at_ < tokens_.size() && !is("]")) ++at_;
        ++at_;
        if (!base.is_list && base.text.find('\0') == std::string::npos) std::ranges::reverse(base.text);
        base.decoded = true;
        return base;
    }
    const auto items = arguments("]", depth);
    Thing value;
    if (base.is_name && items.size() == 1 && items[0].known && !items[0].is_name) { // os['system'], window["eval"]
        value = base;
        value.text += "." + items[0].text;
        return value;
    }
    value.decoded = base.decoded;
    value.fetched = base.fetched;
    return value;
}

Thing Evaluator::after(Thing base, int depth) {
    for (int rounds = 0; at_ < tokens_.size() && rounds < 256; ++rounds) {
        if (((language_.name == "lua" && is(":") && is_name(1)) || is(".") || is("->") || is("::") || is("\\") ||
             (is("?") && is(".", 1))) &&
            !(is(".") && language_.concat == "." && peek()->spaced)) {
            const std::size_t skip = is("?") ? 2 : 1;
            if (!is_name(skip)) break;
            const std::string member = peek(skip)->text;
            at_ += skip + 1;
            if ((member == "each" || member == "forEach" || member == "map") && base.known && !base.is_name)
                bind_each(base);
            if (is("(")) {
                ++at_;
                auto given = arguments(")", depth + 1);
                base = call(base.is_name ? base.text + "." + member : "." + member, base, std::move(given));
                continue;
            }
            if (language_.bare && base.is_name && at_ < tokens_.size() && (peek()->kind == TokenKind::string) &&
                peek()->spaced) {
                auto given = bare_arguments(depth + 1);
                base = call(base.text + "." + member, base, std::move(given));
                continue;
            }
            if (base.is_name)
                base.text += "." + member;
            else if (language_.bare)
                base = call("." + member, base, {});
            continue;
        }
        if (is("(") && language_.name == "php" && base.known && !base.is_name && !base.is_list &&
            effect_of(language_, base.text) != Effect::none)
            base.is_name = true;
        if (is("(") && base.is_name) {
            ++at_;
            auto given = arguments(")", depth + 1);
            const std::string called = base.text;
            base = call(called, {}, std::move(given));
            continue;
        }
        if (language_.name == "perl" && base.is_name && base.text == "ENV" && is("{") && is("}", 2)) { // $ENV{HOME}
            base.text += "." + peek(1)->text;
            at_ += 3;
            continue;
        }
        if (is("[") && !peek()->spaced) {
            if (depth > kMaxDepth) break;
            base = subscript(std::move(base), depth + 1);
            continue;
        }
        break;
    }
    if (base.is_name && means_home(base.text)) {
        base = {};
        base.known = true;
        base.text = "~";
        return base;
    }
    const bool word_follows = at_ < tokens_.size() &&
                              (peek()->kind == TokenKind::string || peek()->kind == TokenKind::name ||
                               (peek()->kind == TokenKind::number && effect_of(language_, base.text) != Effect::none) ||
                               (peek()->kind == TokenKind::shell && base.text == "eval"));
    const bool list_follows = at_ < tokens_.size() &&
                              (language_.insensitive || language_.name == "perl" || language_.name == "ruby") &&
                              (is("[") || is("-") || is("<") || is("/") || is(".") || is("~") || is("(") || is("*"));
    const bool bare =
        language_.bare || (language_.name == "php" && (base.text == "include" || base.text == "require" ||
                                                       base.text == "include_once" || base.text == "require_once"));
    if (bare && base.is_name && (word_follows || list_follows) && effect_of(language_, base.text) != Effect::none) {
        auto given = bare_arguments(depth + 1);
        const std::string called = base.text;
        base = call(called, {}, std::move(given));
    }
    return base;
}

} // namespace owhale::policy::normal
