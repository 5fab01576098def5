#include "cli/json_text.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <tuple>

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostDepth = 128;

struct Child {
    std::size_t begin = 0; // of the key, or of the element
    std::string key;
    std::size_t value_begin = 0, end = 0;
    char bracket = 0; // '{', '[' or 0
    std::vector<Child> children;
    std::size_t comma = std::string_view::npos; // behind it
};

// Reads what boost::json has found to be good, for where things stand.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Child document() {
        Child root;
        blanks();
        root.begin = root.value_begin = at_;
        value(root);
        root.end = at_;
        return root;
    }

private:
    char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void blanks() {
        for (;;) {
            at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
            if (text_.substr(at_).starts_with("//"))
                at_ = std::min(text_.find('\n', at_), text_.size());
            else if (text_.substr(at_).starts_with("/*"))
                at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
            else
                return;
        }
    }

    std::string string() {
        const auto begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_ + 1, text_.size());
        boost::system::error_code error;
        const auto value = json::parse(text_.substr(begin, at_ - begin), error);
        return error || !value.is_string() ? std::string() : std::string(value.get_string());
    }

    void value(Child& child) {
        if (here() == '{' || here() == '[') return members(child);
        if (here() == '"') {
            string();
            return;
        }
        at_ = std::min(text_.find_first_of(",]} \t\r\n/", at_), text_.size());
    }

    void members(Child& child) {
        child.bracket = here();
        const char end = child.bracket == '{' ? '}' : ']';
        ++at_;
        for (blanks(); at_ < text_.size() && here() != end; blanks()) {
            if (here() == ',') {
                if (!child.children.empty()) child.children.back().comma = at_;
                ++at_;
                continue;
            }
            child.children.push_back(one(child.bracket));
        }
        ++at_;
    }

    Child one(char bracket) {
        Child child;
        child.begin = at_;
        if (bracket == '{') {
            child.key = string();
            blanks();
            ++at_; // the colon
            blanks();
        }
        child.value_begin = at_;
        value(child);
        child.end = at_;
        if (child.end == child.begin) ++at_; // never stands still
        return child;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// What a new file begins as.
std::string whole_of(std::string_view text) {
    return is_blank(text) ? "{\n}\n" : std::string(text);
}

std::string joined(const JsonPath& path, std::size_t count) {
    std::string out = count == 0 ? "whole" : "";
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ".") + path[i];
    return out;
}

std::string line_end_of(std::string_view text) {
    return text.find("\r\n") != std::string_view::npos ? "\r\n" : "\n";
}

// By what the first line inside of the whole is set in.
std::string indent_of(std::string_view text) {
    const auto line = text.find('\n');
    if (line == std::string_view::npos) return "  ";
    const auto end = text.find_first_not_of(" \t", line + 1);
    const auto found = text.substr(line + 1, std::min(end, text.size()) - line - 1);
    return found.empty() || found.size() > 8 ? "  " : std::string(found);
}

std::string blanks_before(std::string_view text, std::size_t at) {
    const auto line = text.rfind('\n', at == 0 ? 0 : at - 1);
    const auto begin = line == std::string_view::npos ? 0 : line + 1;
    const auto end = std::min(text.find_first_not_of(" \t", begin), text.size());
    return std::string(text.substr(begin, end - begin));
}

struct Found {
    const Child* node;
    std::size_t depth; // how many parts of the path led there
};

Result<Found> descend(const Child& root, const JsonPath& path) {
    Found found{&root, 0};
    while (found.depth < path.size()) {
        if (found.node->bracket != '{')
            return fail(Code::conflict, "its " + joined(path, found.depth) + " is no object", "mend the file by hand");
        const auto is_it = [&](const Child& child) { return child.key == path[found.depth]; };
        const auto& children = found.node->children;
        if (std::ranges::count_if(children, is_it) > 1)
            return fail(Code::conflict, "it has " + path[found.depth] + " twice", "mend the file by hand");
        const auto child = std::ranges::find_if(children, is_it);
        if (child == children.end()) break;
        found.node = &*child;
        ++found.depth;
    }
    return found;
}

std::string key_text(const std::string& key) {
    return json::serialize(json::value(key)) + ": ";
}

struct Style {
    std::string line_end, indent;
};

// `inner` inside of objects for the parts of the path from `depth` on, the last one a list where `list` holds.
std::string nested(const Style& style, const std::string& base, const JsonPath& path, std::size_t depth, bool list,
                   const std::string& inner) {
    if (depth == path.size()) return inner;
    const bool last = depth + 1 == path.size();
    const auto deeper = base + style.indent;
    const std::string open = last && list ? "[" : "{", close = last && list ? "]" : "}";
    return key_text(path[depth]) + open + style.line_end + deeper +
           nested(style, deeper, path, depth + 1, list, inner) + style.line_end + base + close;
}

// A comment at the end of the line is about what stands before it.
std::size_t behind_comment(std::string_view text, std::size_t at) {
    const auto line = std::min(text.find('\n', at), text.size());
    const auto comment = std::min(text.find_first_not_of(" \t", at), text.size());
    if (!text.substr(comment, line - std::min(comment, line)).starts_with("//")) return at;
    return line - (text[line - 1] == '\r' ? 1 : 0);
}

// Whether what it holds stands on lines of its own.
bool has_lines(std::string_view text, const Child& node) {
    const auto begin = node.value_begin;
    return text.substr(begin, node.children.back().begin - begin).find('\n') != std::string_view::npos;
}

// On one line where what stands there is on one, or the whole file is.
bool is_one_line(std::string_view text, const Child& root, const Child& node) {
    if (!node.children.empty()) return !has_lines(text, node);
    return !root.children.empty() &&
           text.substr(root.begin, root.end - root.begin).find('\n') == std::string_view::npos;
}

// Puts `item` behind what the container holds.
std::string appended(std::string_view text, const Child& node, const Style& style, const std::string& base,
                     const std::string& item) {
    std::string out(text);
    if (node.children.empty()) {
        const auto open = node.value_begin + 1;
        const auto inside = text.substr(open, node.end - 1 - open);
        const bool blank = is_blank(inside);
        const auto put = style.line_end + base + style.indent + item + (blank ? style.line_end + base : "");
        return out.replace(open, blank ? inside.size() : 0, put);
    }
    const auto& last = node.children.back();
    const bool lines = has_lines(text, node);
    const auto separator = lines ? style.line_end + blanks_before(text, last.begin) : std::string(" ");
    const bool has_comma = last.comma != std::string_view::npos;
    auto at = has_comma ? last.comma + 1 : last.end;
    if (lines) at = behind_comment(text, at);
    out.insert(at, separator + item + (has_comma ? "," : "")); // as the one before has it
    if (!has_comma) out.insert(last.end, ",");
    return out;
}

Result<std::string> added(std::string_view given, const JsonPath& path, bool list, const std::string& item) {
    const auto text = whole_of(given);
    CHECK(read_json_text(text));
    const auto root = Scanner(text).document();
    const auto [node, depth] = TRY(descend(root, path));
    const bool whole = depth == path.size();
    if (node->bracket != (whole && list ? '[' : '{'))
        return fail(Code::conflict, "its " + joined(path, depth) + " is no " + (list ? "list" : "object"),
                    "mend the file by hand");
    const bool one_line = is_one_line(text, root, *node);
    const auto style = one_line ? Style{} : Style{line_end_of(text), indent_of(text)};
    const auto base = one_line ? std::string() : blanks_before(text, node->begin);
    const auto deeper = base + style.indent;
    auto out = appended(text, *node, style, base, nested(style, deeper, path, depth, list, item));
    CHECK(read_json_text(out)); // we would rather refuse than leave something that nobody can read
    return out;
}

// The last of several: what add put there, and the comma that it gave to the one before.
std::string cut_last(std::string_view text, const Child& before, const Child& last) {
    std::string out(text);
    const bool has_comma = last.comma != std::string_view::npos;
    const auto begin = behind_comment(text, before.comma + 1);
    const auto end = has_comma ? last.comma + 1 : last.end;
    out.erase(begin, end - begin);
    if (!has_comma) out.erase(before.comma, 1);
    return out;
}

std::string cut(std::string_view text, const Child& parent, std::size_t index) {
    const auto& children = parent.children;
    const bool last = index + 1 == children.size();
    if (last && index > 0) return cut_last(text, children[index - 1], children[index]);
    const auto comma = children[index].comma;
    auto begin = children[index].begin;
    auto end = !last ? children[index + 1].begin : comma == std::string_view::npos ? children[index].end : comma + 1;
    if (children.size() == 1) {
        const auto open = parent.value_begin + 1;
        const auto before = text.substr(open, begin - open), after = text.substr(end, parent.end - 1 - end);
        if (is_blank(before) && is_blank(after)) std::tie(begin, end) = std::pair(open, parent.end - 1);
    }
    return std::string(text.substr(0, begin)) + std::string(text.substr(end));
}

Result<json::value> value_of(std::string_view text, const Child& child) {
    return read_json_text(text.substr(child.value_begin, child.end - child.value_begin));
}

// Takes empty containers off, from the innermost on.
Result<std::string> pruned(std::string text, JsonPath path) {
    for (; !path.empty(); path.pop_back()) {
        const auto root = Scanner(text).document();
        const auto inner = TRY(descend(root, path));
        if (inner.depth != path.size() || !inner.node->children.empty()) break;
        const auto inside =
            std::string_view(text).substr(inner.node->value_begin + 1, inner.node->end - inner.node->value_begin - 2);
        if (!is_blank(inside)) break; // a comment
        const auto outer = TRY(descend(root, JsonPath(path.begin(), path.end() - 1)));
        const auto index = inner.node - outer.node->children.data();
        text = cut(text, *outer.node, static_cast<std::size_t>(index));
    }
    return text;
}

} // namespace

Result<json::value> read_json_text(std::string_view text) {
    if (is_blank(text)) return json::value(json::object());
    json::parse_options options;
    options.allow_comments = options.allow_trailing_commas = true;
    options.max_depth = kMostDepth;
    boost::system::error_code error;
    json::stream_parser parser({}, options);
    // Boost 1.81 counts beyond the end where what looks like a comment is none.
    const auto read = std::min(parser.write_some(text.data(), text.size(), error), text.size());
    if (!error) parser.finish(error);
    if (!error && text.find_first_not_of(" \t\r\n", read) == std::string_view::npos) return parser.release();
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(read), '\n');
    return fail(Code::malformed_json, "line " + std::to_string(line) + " is no JSON", "mend the file by hand");
}

Result<std::string> with_member(std::string_view text, const JsonPath& path, const std::string& key,
                                std::string_view value) {
    const auto whole = whole_of(text);
    CHECK(read_json_text(whole));
    const auto root = Scanner(whole).document();
    auto longer = path;
    longer.push_back(key);
    if (TRY(descend(root, longer)).depth == longer.size())
        return fail(Code::conflict, "it has a " + joined(longer, longer.size()) + " already",
                    "take that one out by hand, if it is not needed");
    return added(text, path, false, key_text(key) + std::string(value));
}

Result<std::string> with_element(std::string_view text, const JsonPath& path, std::string_view value) {
    return added(text, path, true, std::string(value));
}

Result<std::string> without(std::string_view text, const JsonPath& path, const IsOurs& is_ours) {
    if (is_blank(text)) return std::string(text);
    CHECK(read_json_text(text));
    std::string out(text);
    for (bool any = false;; any = true) {
        const auto root = Scanner(out).document();
        const auto [node, depth] = TRY(descend(root, path));
        if (depth != path.size()) return out;
        std::size_t index = 0;
        for (; index < node->children.size(); ++index) {
            const auto& child = node->children[index];
            const auto value = TRY(value_of(out, child));
            if (is_ours(child.key, value)) break;
        }
        if (index == node->children.size()) return any ? pruned(std::move(out), path) : out;
        out = cut(out, *node, index);
    }
}

} // namespace owhale::cli
