// Texts that are put together: f"{x}", "…%s" % x, "{}".format(x), replace.
#include <algorithm>
#include <utility>

#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

// What an expression in a string stands for where it is not followed: the home, or what is known only when it runs.
std::string_view stands_for(std::string_view expression) {
    for (const std::string_view home : {"ENV{HOME", "env.HOME", "['HOME']", "[\"HOME\"]", "[HOME]", "homedir()",
                                        "Dir.home", "Path.home()", "$HOME", "getenv('HOME')", "(\"HOME\")"})
        if (expression.find(home) != std::string_view::npos) return "~";
    return kHole;
}

const Thing* named(const std::vector<Thing>& given, std::string_view name, std::size_t& next) {
    const bool number = !name.empty() && name.size() < 3 && name.find_first_not_of("0123456789") == std::string::npos;
    if (name.empty() || number) {
        const std::size_t index = name.empty() ? next++ : std::stoul(std::string(name));
        return index < given.size() ? &given[index] : nullptr;
    }
    const auto found = std::ranges::find(given, name, &Thing::keyword);
    return found == given.end() ? nullptr : &*found;
}

} // namespace

Thing Evaluator::put_in(const std::string& expression, int depth) {
    if (depth > kMaxDepth) return text_of(std::string(kHole));
    bool whole = true;
    auto tokens = tokens_of(language_, expression, whole);
    std::swap(tokens, tokens_);
    const auto at = at_;
    at_ = 0;
    Thing value = this->expression(depth + 1);
    const bool more =
        at_ < tokens_.size() && expression.find_first_of("'\"{", 1) != std::string::npos; // a width, a fill
    while (at_ < tokens_.size() && language_.name != "python") {                          // statements in @{[ … ]}
        const auto before = at_;
        this->expression(depth + 1);
        if (at_ == before) ++at_;
    }
    std::swap(tokens, tokens_);
    at_ = at;
    if (!value.known || value.is_name || (value.is_list && !value.any)) {
        Thing out = text_of(std::string(stands_for(expression)));
        out.decoded = value.decoded, out.fetched = value.fetched, out.secret = value.secret;
        if (value.is_list && value.list.size() == 1) out.text = value.list.front();
        return out;
    }
    if (more && !value.is_list) value.text += kHole;
    return value;
}

Thing Evaluator::filled(const std::string& text, int depth) {
    Thing out = text_of(text.substr(0, text.find(kPutIn)));
    for (auto at = text.find(kPutIn); at != std::string::npos;) {
        const auto end = text.find(kPutInEnd, at);
        if (end == std::string::npos) break;
        out = joined(std::move(out), put_in(text.substr(at + kPutIn.size(), end - at - kPutIn.size()), depth));
        const auto next = text.find(kPutIn, end);
        const auto from = end + kPutInEnd.size();
        out = joined(std::move(out), text_of(text.substr(from, next == std::string::npos ? next : next - from)));
        at = next;
    }
    out.variable.clear();
    return out;
}

// By %s and %d, or by {} and {name}.
Thing Evaluator::formatted(const Thing& format, const Arguments& given) const {
    Thing out = text_of("");
    std::string plain;
    std::size_t next = 0;
    const auto add = [&](const Thing* value) {
        out = joined(std::move(out), text_of(std::exchange(plain, {})));
        out = joined(std::move(out),
                     value != nullptr && (is_text(*value) || value->any) ? *value : text_of(std::string(kHole)));
    };
    const bool percent = format.text.find('%') != std::string::npos;
    for (std::size_t i = 0; i < format.text.size(); ++i) {
        const char c = format.text[i];
        const bool doubled = i + 1 < format.text.size() && format.text[i + 1] == c;
        if ((c == '%' || c == '{' || c == '}') && doubled && (percent || c != '%')) {
            plain += c;
            ++i;
        } else if (percent && c == '%') {
            std::string name;
            auto end = i + 1;
            if (end < format.text.size() &&
                (format.text[end] == '(' || format.text[end] == '{' || format.text[end] == '<')) { // %(name)s
                const auto close = std::min(format.text.find_first_of(")}>", end), format.text.size());
                name = format.text.substr(end + 1, close - end - 1);
                end = close + 1;
            }
            end = format.text.find_first_of("sdifgxXrcqvuejo", end);
            add(name.empty() ? named(given, "", next) : named(given, name, next));
            if (end == std::string::npos) break;
            i = end;
        } else if (!percent && c == '{') {
            const auto end = std::min(format.text.find('}', i), format.text.size());
            const std::string inside = format.text.substr(i + 1, end - i - 1);
            add(named(given, inside.substr(0, inside.find_first_of(":!.[")), next));
            i = end;
        } else
            plain += c;
        if (out.text.size() > (64 << 10)) break;
    }
    out = joined(std::move(out), text_of(std::move(plain)));
    out.decoded |= format.decoded;
    return out;
}

// Every one of a plain text by another.
Thing Evaluator::replaced(const Thing& text, const Arguments& given) const {
    Thing out = text_of("");
    out.decoded = text.decoded;
    if (given.size() < 2 || !is_known(given[0]) || !is_text(given[1]) || given[0].text.empty())
        return text_of(std::string(kHole));
    for (std::size_t from = 0; from <= text.text.size() && out.text.size() < (64 << 10);) {
        const auto at = text.text.find(given[0].text, from);
        out.text += text.text.substr(from, at == std::string::npos ? at : at - from);
        if (at == std::string::npos) break;
        out.text += given[1].text;
        from = at + given[0].text.size();
    }
    return out;
}

// $x =~ s/…/…/: behind it $x is another text.
Thing Evaluator::substituted(Thing value) {
    const bool replaces = is("s///"), changes = replaces || is("tr//");
    ++at_;
    if (!changes) return {};
    const std::string from = peek() != nullptr ? peek()->text : "", to = peek(1) != nullptr ? peek(1)->text : "";
    at_ = std::min(at_ + 2, tokens_.size());
    const bool plain = replaces && from.find_first_of("\\.*+?[](){}^$|") == std::string::npos && is_text(value) &&
                       to.find_first_of("$@\\") == std::string::npos;
    Thing out = plain ? replaced(value, {text_of(from), text_of(to)}) : text_of(std::string(kHole));
    out.decoded = value.decoded || (!plain && value.variable == "_");
    if (!value.variable.empty()) bind(value.variable, out);
    return {};
}

} // namespace owhale::policy::normal
