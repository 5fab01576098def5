// A request of any of its three shapes to its normal form.
#include "policy/normal/normalize.hpp"

#include <algorithm>

#include "policy/normal/walk.hpp"

namespace owhale::policy {
namespace {

bool is_plain(const std::string& word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-+=:,./@%^").find(c) != std::string_view::npos;
    });
}

std::string quoted(const std::string& word) {
    if (is_plain(word)) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

std::vector<Value> words_of(const std::vector<std::string>& argv, std::string& text) {
    std::vector<Value> words;
    for (const auto& word : argv) {
        if (!text.empty()) text += ' ';
        const auto begin = static_cast<std::uint32_t>(text.size());
        text += quoted(word);
        words.push_back({word, {begin, static_cast<std::uint32_t>(text.size())}});
    }
    return words;
}

constexpr std::size_t kMaxText = 1 << 20;

std::size_t size_of(const Request& request) {
    std::size_t size = request.script ? request.script->size() : 0;
    if (request.code) size += request.code->size();
    for (const auto* words : {&request.argv, &request.args})
        for (const auto& word : *words) size += word.size() + 1;
    return size;
}

bool holds_nul(const Request& request) {
    const auto has = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    return (request.script && has(*request.script)) || (request.code && has(*request.code)) ||
           std::ranges::any_of(request.argv, has) || std::ranges::any_of(request.args, has);
}

} // namespace

NormalForm normalize(const Request& request, const Facts& facts) {
    NormalForm form;
    if (size_of(request) > kMaxText) {
        form.too_big = true;
        form.refused = Opaque{{}, "it is longer than 1 MiB"};
        return form;
    }
    if (holds_nul(request)) {
        form.refused = Opaque{{}, "it holds a NUL byte, which no word of a command can"};
        return form;
    }
    std::vector<Value> words;
    if (request.script)
        form.text = *request.script;
    else if (request.code)
        form.text = *request.code;
    else
        words = words_of(request.argv, form.text);
    normal::Walk walk(form, facts);
    if (request.script)
        walk.run_text(form.text, request.args);
    else if (request.code)
        walk.run_code(request.language, form.text, request.args);
    else if (words.empty())
        form.refused = Opaque{{}, "there is no command"};
    else
        walk.run_argv(words);
    walk.finish();
    return form;
}

} // namespace owhale::policy
