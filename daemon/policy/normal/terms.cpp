// The parts of an expression: names, lists, calls, members, subscripts.
#include <algorithm>

#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

// The variable HOME, as languages name it.
bool means_home(std::string_view name) {
    constexpr std::string_view kNames[] = {
        "os.environ.HOME", "environ.HOME", "process.env.HOME", "env.HOME",   "ENVIRON.HOME", "ENV.HOME",
        "_SERVER.HOME",    "_ENV.HOME",    "$_SERVER.HOME",    "$_ENV.HOME", "Dir.home",     "process.env.USERPROFILE",
        "$HOME",           "$env.HOME"};
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
        const std::string text = token.text;
        ++at_;
        return after(filled(text, depth), depth);
    }
    if (token.kind == TokenKind::shell) {
        const std::string text = token.text;
        const Thing code = filled(text, depth);
        if (code.is_list)
            for (const auto& one : code.list) emit_shell(one, folder_);
        else
            emit_shell(code.text, folder_);
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
        auto items = arguments("]", depth);
        for (auto& item : items)
            if (item.is_name && (item.text == "sys.executable" || item.text == "process.execPath"))
                item = text_of(language_.name == "python" ? "python3" : "node");
        return after(list_of(std::move(items)), depth);
    }
    if (token.text == "{") return after(braced(depth), depth);
    if (token.text == "s///" || token.text == "tr//" || token.text == "m//") { // $_ is changed
        Thing it = text_of(std::string(kHole));
        if (const auto known = values_.find("_"); known != values_.end()) it = known->second;
        it.variable = "_";
        return substituted(std::move(it));
    }
    if (token.text == ":" && language_.name == "ruby" && is_name(1) && !peek(1)->spaced) { // :symbol
        Thing value = text_of(peek(1)->text);
        at_ += 2;
        return value;
    }
    if (token.text == "&" && language_.name == "perl") { // &$f, &{"f"}
        ++at_;
        Thing named;
        if (is("{")) {
            ++at_;
            named = expression(depth + 1);
            if (is("}")) ++at_;
        } else
            named = term(depth + 1);
        if (is_known(named)) named.is_name = true;
        return after(std::move(named), depth);
    }
    const bool dots = token.text == "..";
    ++at_;
    if (dots && is(".")) ++at_; // ...list
    if (dots || token.text == "*") return term(depth + 1);
    if (token.text == "\\" || token.text == "&" || token.text == "$" || token.text == "@" || token.text == "-" ||
        token.text == "!")
        return term(depth + 1);
    return {};
}

// ( … ): one value, or a list of them.
Thing Evaluator::bracketed(std::string_view close, int depth) {
    auto items = arguments(close, depth);
    const bool tuple = at_ > 1 && at_ <= tokens_.size() && tokens_[at_ - 2].text == "," && language_.triple; // (x,)
    if (items.size() == 1 && !tuple) return items[0];
    return list_of(std::move(items));
}

Evaluator::Arguments Evaluator::arguments(std::string_view close, int depth) {
    Arguments out;
    while (at_ < tokens_.size() && !is(close)) {
        const auto before = at_;
        const bool spread = is("*") || is("..");
        std::string keyword; // name=value, name: value
        if (is_name() && (is("=", 1) || (is(":", 1) && close != "]")) && !is("=", 2)) {
            keyword = peek()->text;
            at_ += 2;
        }
        Thing value = expression(depth + 1);
        value.keyword = std::move(keyword);
        if (spread && value.parts != nullptr)
            out.insert(out.end(), value.parts->begin(), value.parts->end());
        else if (out.size() < kMaxList && !(at_ == before))
            out.push_back(std::move(value));
        while (at_ < tokens_.size() && !is(",") && !is(close) && !is(";")) {
            const auto inner = at_;
            if (is("{") && depth <= kMaxDepth)
                braced(depth + 1);
            else if (is("(") || is("[") || is("{")) {
                const std::string open = peek()->text;
                ++at_;
                if (depth > kMaxDepth) continue;
                bracketed(open == "(" ? ")" : "]", depth + 1);
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
    if (word == "getline" && language_.name == "awk") { // getline line < FILE
        if (is_name()) ++at_;
        if (is("<")) {
            ++at_;
            const Thing from = awk_concatenated(depth + 1);
            if (is_text(from)) add_access(Act::read, from.text);
        }
        return {};
    }
    if (word == "await" || word == "async") return term(depth + 1);
    if (language_.name == "perl" && (word == "my" || word == "our" || word == "local") && is_name())
        return term(depth + 1);
    const auto known = values_.find(word);
    if (known != values_.end() && !known->second.is_name && !is("(")) {
        Thing copy = known->second;
        copy.variable = word;
        copy.keyword.clear();
        return after(std::move(copy), depth);
    }
    if (known != values_.end() && is("(") && known->second.known) { // $f = "system"; $f("…"), f of [os.system]
        const Thing& called = known->second;
        const bool by_text = language_.name == "php" || language_.name == "awk" || language_.name == "perl";
        value.is_name = true;
        if (by_text && !called.is_list && !called.is_name && is_executor(called.text)) {
            value.text = called.text;
            return after(std::move(value), depth);
        }
        if (called.parts != nullptr)
            for (const auto& part : *called.parts)
                if (part.is_name && is_executor(part.text)) {
                    value.text = part.text;
                    return after(std::move(value), depth);
                }
    }
    const auto alias = names_.find(word);
    value.is_name = true;
    value.text = alias == names_.end() ? word : alias->second;
    if (const auto imported = alias == names_.end() ? values_.end() : values_.find(value.text);
        imported != values_.end() && !imported->second.is_name) // from sys import argv
        return after(Thing(imported->second), depth);
    return after(std::move(value), depth);
}

// A member that was given a value, or a name with one part more.
Thing Evaluator::member_of(const std::string& base, const std::string& member) {
    const std::string whole = base + "." + member;
    const bool own = base == "self" || base == "this" || (base[0] >= 'A' && base[0] <= 'Z' && !names_.contains(base));
    auto found = values_.find(whole);
    if (found == values_.end() && own && !is("(") && language_.name == "python") found = values_.find(member);
    if (found != values_.end() && !found->second.is_name) {
        Thing copy = found->second;
        copy.variable = whole;
        return copy;
    }
    Thing out;
    out.is_name = true;
    out.text = whole;
    if (const auto alias = names_.find(whole); alias != names_.end()) out.text = alias->second;
    return out;
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
    const auto number_at = [&](std::size_t ahead) {
        const Token* token = peek(ahead);
        return token != nullptr && token->kind == TokenKind::number && token->text.size() < 3;
    };
    const std::size_t colon = number_at(0) ? 1 : 0;
    if (base.parts != nullptr && base.is_list && is(":", colon)) { // list[1:], list[:2]; of others as a whole
        const bool counts = number_at(colon + 1) && is("]", colon + 2);
        const std::size_t from = colon == 1 ? std::stoul(peek()->text) : 0, size = base.parts->size();
        const std::size_t to = counts ? std::min<std::size_t>(std::stoul(peek(colon + 1)->text), size) : size;
        const bool plain = counts || is("]", colon + 1);
        arguments("]", depth);
        if (!plain || from > to) return base;
        return list_of({base.parts->begin() + static_cast<std::ptrdiff_t>(from),
                        base.parts->begin() + static_cast<std::ptrdiff_t>(to)});
    }
    const auto items = arguments("]", depth);
    Thing value;
    if (base.is_name && items.size() == 1 && items[0].known && !items[0].is_name) { // os['system'], window["eval"]
        value = base;
        value.text += "." + items[0].text;
        return value;
    }
    if (base.parts != nullptr && items.size() == 1 && is_known(items[0])) { // list[0], object['key']
        const auto& text = items[0].text;
        const bool number =
            text.size() < 3 && !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        for (const auto& part : *base.parts)
            if (!part.keyword.empty() && part.keyword == text) return part;
        if (number && std::stoul(text) < base.parts->size()) return (*base.parts)[std::stoul(text)];
    }
    if (base.parts != nullptr && base.is_list) { // one of them
        value = base;
        value.any = true;
        value.variable.clear();
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
            if (is("(", skip) && (base.is_name || is_executor(base.text))) { // $f->(…), method(:f).(…)
                base.is_name = true;
                at_ += skip;
                continue;
            }
            if (!is_name(skip)) break;
            const std::string member = peek(skip)->text;
            at_ += skip + 1;
            if ((member == "each" || member == "forEach" || member == "map") && base.known && !base.is_name)
                bind_each(base);
            if (member == "then" && base.is_name && is("(") && is_name(1) && is("=>", 2)) bind(peek(1)->text, base);
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
            if (base.parts != nullptr && base.is_object) {
                const auto part = std::ranges::find(*base.parts, member, &Thing::keyword);
                base = part == base.parts->end() ? Thing{} : Thing(*part);
                continue;
            }
            if (base.is_name)
                base = member_of(base.text, member);
            else if (language_.bare)
                base = call("." + member, base, {});
            continue;
        }
        if (is("(") && (language_.name == "php" || language_.name == "perl") && base.known && !base.is_name &&
            !base.is_list && effect_of(language_, base.text) != Effect::none)
            base.is_name = true;
        if (is("(") && base.is_name) {
            ++at_;
            auto given = arguments(")", depth + 1);
            const std::string called = base.text;
            base = call(called, {}, std::move(given));
            continue;
        }
        if (is("(") && !peek()->spaced &&
            !base.known) { // what is called is not known; a function that it is given may be
            ++at_;
            const auto given = arguments(")", depth + 1);
            for (const auto& one : given)
                if (one.is_name && is_executor(one.text)) add_fact("code.unknown");
            base = {};
            continue;
        }
        if (language_.name == "perl" && base.is_name && base.text == "ENV" && is("{") && is("}", 2)) { // $ENV{HOME}
            base.text += "." + peek(1)->text;
            at_ += 3;
            continue;
        }
        if (language_.name == "perl" && base.is_name && (base.text == "system" || base.text == "exec") && is("{")) {
            ++at_; // system {"program"} …
            Thing program = expression(depth + 1);
            if (is("}")) ++at_;
            auto given = is("(") ? (++at_, arguments(")", depth + 1)) : bare_arguments(depth + 1);
            if (given.size() == 1 && given[0].is_list && given[0].parts != nullptr) given = Arguments(*given[0].parts);
            if (given.empty())
                given.push_back(std::move(program));
            else
                given[0] = std::move(program);
            run_words(given, false);
            return {};
        }
        if (is("[") && !peek()->spaced && language_.name == "ruby" && base.is_name &&
            is_executor(base.text)) { // method(:system)["…"]
            ++at_;
            auto given = arguments("]", depth + 1);
            const std::string called = base.text;
            base = call(called, {}, std::move(given));
            continue;
        }
        if (is("[") && !peek()->spaced) {
            if (depth > kMaxDepth) break;
            base = subscript(std::move(base), depth + 1);
            continue;
        }
        break;
    }
    if (base.is_name && (base.text == "os.sep" || base.text == "os.path.sep" || base.text == "path.sep" ||
                         base.text == "File.SEPARATOR" || base.text == "DIRECTORY_SEPARATOR"))
        return text_of("/");
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
    const bool symbol_follows = language_.name == "ruby" && is(":") && is_name(1);
    const std::string last = last_part(base.text);
    const bool acts =
        base.is_name && (effect_of(language_, base.text) != Effect::none || last == "send" || last == "__send__" ||
                         last == "public_send" || last == "push" || last == "unshift" || last == "sprintf");
    if (bare && acts && (word_follows || list_follows || symbol_follows)) {
        auto given = bare_arguments(depth + 1);
        const std::string called = base.text;
        base = call(called, {}, std::move(given));
    }
    return base;
}

} // namespace owhale::policy::normal
