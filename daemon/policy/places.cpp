#include "policy/places.hpp"

#include <algorithm>

namespace owhale::policy {
namespace {

PathPattern at(Anchor anchor, std::string rest) {
    auto fixed = rest.substr(0, rest.find("/**"));
    return {anchor, false, Pattern::path(std::move(rest)), Pattern::path(std::move(fixed))};
}

// What follows `place` in `word`: "" or "/…"; none where the word is about something else.
std::optional<std::string> behind(std::string_view word, std::string_view place) {
    if (!word.starts_with(place)) return std::nullopt;
    const auto rest = word.substr(place.size());
    if (!rest.empty() && rest.front() != '/') return std::nullopt;
    return std::string(rest);
}

std::vector<PathPattern> whole_or_below(Anchor anchor, const std::string& base, const std::string& rest) {
    if (!rest.empty()) return {at(anchor, base + rest)};
    return {at(anchor, base), at(anchor, base + "/**")};
}

constexpr std::array<std::string_view, 3> kTemporary = {"/tmp", "/var/tmp", "/dev/shm"};

// One component of a path, and what follows it.
struct Split {
    std::string_view name, rest;
};

Split first_component(std::string_view path) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    return {path.substr(0, end), path.substr(end)};
}

std::size_t hole_in(std::string_view text) {
    return text.find(kHole);
}

std::string with_names(std::string text) { // each hole as one name
    for (auto at = text.find(kHole); at != std::string::npos; at = text.find(kHole, at)) text[at + 1] = '*';
    return text;
}

std::size_t components(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count(text, '/'));
}

// The first, or the last, so many components.
std::string_view first_of(std::string_view text, std::size_t count) {
    std::size_t end = 0;
    for (; end < text.size(); ++end)
        if (text[end] == '/' && count-- == 0) break;
    return text.substr(0, end);
}

std::string_view last_component(std::string_view text) {
    return text.substr(text.rfind('/') + 1);
}

// The shortest name that a rule's pattern means: /etc/shadow of /etc/shadow*. "": it has no such.
std::string shortest(std::string_view pattern) {
    if (pattern.find_first_of("{[?") != std::string_view::npos) return "";
    std::string out(pattern);
    std::erase(out, '*');
    return out.find("//") == std::string::npos ? out : "";
}

std::vector<PathPattern> one_pattern(std::string_view word) {
    if (const auto rest = behind(word, "@home")) return whole_or_below(Anchor::home, "", *rest);
    if (const auto rest = behind(word, "@workspace")) return whole_or_below(Anchor::workspace, "", *rest);
    if (const auto rest = behind(word, "@tmp")) {
        std::vector<PathPattern> out;
        for (const auto folder : kTemporary)
            for (auto& one : whole_or_below(Anchor::absolute, std::string(folder), *rest))
                out.push_back(std::move(one));
        return out;
    }
    if (const auto rest = behind(word, "~")) return {at(Anchor::own_home, *rest)};
    if (word.starts_with('/')) return {at(Anchor::absolute, word == "/" ? "/" : std::string(word))};
    if (word.starts_with("**")) return {{Anchor::absolute, true, Pattern::path(std::string(word)), Pattern::path("")}};
    if (const auto rest = behind(word, ".")) return {at(Anchor::workspace, *rest)};
    return {at(Anchor::workspace, "/" + std::string(word))};
}

} // namespace

std::vector<PathPattern> path_patterns(std::string_view word) {
    while (word.size() > 1 && word.ends_with('/')) word.remove_suffix(1);
    constexpr std::string_view kBelow = "/**";
    if (word.size() <= kBelow.size() || !word.ends_with(kBelow)) return one_pattern(word);
    const auto folder = word.substr(0, word.size() - kBelow.size());
    auto out = one_pattern(folder);
    if (out.size() > 1) return out; // a place, which means all below it anyway
    for (auto& pattern : one_pattern(word)) out.push_back(std::move(pattern));
    return out;
}

Bases::Bases(const Facts& facts) {
    auto& own = bases_[static_cast<std::size_t>(Anchor::own_home)];
    auto& all = bases_[static_cast<std::size_t>(Anchor::home)];
    all = {"/home/*", "/root"};
    if (facts.home.empty()) {
        own = all;
    } else {
        own = {facts.home};
        if (match_glob("/home/*", facts.home) != Match::yes && facts.home != "/root" && facts.home != "/")
            all.push_back(facts.home);
    }
    if (!facts.workspace.empty()) bases_[static_cast<std::size_t>(Anchor::workspace)] = {facts.workspace};
}

Place::Place(const Bases& bases, std::string_view path, bool recursive)
    : recursive_(recursive), known_(path.find('\0') == std::string_view::npos),
      climbs_(hole_in(path) != std::string_view::npos) {
    views_[0].push_back({std::string(path), inside_of(path)});
    note_nuls(views_[0].back());
    for (const auto anchor : {Anchor::own_home, Anchor::home, Anchor::workspace})
        for (const auto& base : bases.of(anchor)) add(anchor, base, path);
}

// Only what is meant with all below it is ever asked about what is below.
std::string Place::inside_of(std::string_view path) const {
    return recursive_ ? std::string(path) + (path == "/" ? "" : "/") + std::string(kHole) : std::string();
}

void Place::note_nuls(View& view) {
    view.rest_nul = view.rest.find('\0');
    view.inside_nul = view.inside.find('\0');
}

void Place::add(Anchor anchor, std::string_view base, std::string_view path) {
    View view;
    const auto take = [&](std::string rest) {
        view.inside = inside_of(rest);
        view.rest = std::move(rest);
        note_nuls(view);
        views_[static_cast<std::size_t>(anchor)].push_back(std::move(view));
    };
    while (!base.empty()) {
        if (path.empty() || path == "/") {
            view.above = true;
            return take("");
        }
        const auto hole = hole_in(path.substr(0, path.find('/', 1)));
        const auto want = first_component(base);
        if (path.front() != '/' || hole != std::string_view::npos) {
            // The hole may stand for the rest of the base, and more.
            const auto begin = path.front() == '/' ? path.substr(1, hole - 1) : std::string_view();
            if (want.name != "*" && !want.name.starts_with(begin)) return;
            view.sure = Match::maybe;
            return take(std::string(path.substr(path.front() == '/' ? hole : 0)));
        }
        const auto have = first_component(path);
        const auto same = want.name == "*" ? Match::yes : match_glob(want.name, have.name);
        if (same == Match::no) return;
        view.sure = std::min(view.sure, same);
        base = want.rest;
        path = have.rest;
    }
    take(std::string(path == "/" ? "" : path));
}

Match Place::itself(const PathPattern& pattern) const {
    auto best = Match::no;
    for (const auto& view : views_[static_cast<std::size_t>(pattern.anchor)])
        if (!view.above && best != Match::yes)
            best = std::max(best, std::min(view.sure, pattern.rest.match(view.rest, view.rest_nul)));
    return best;
}

Match Place::below(const PathPattern& pattern) const {
    auto best = Match::no;
    for (const auto& view : views_[static_cast<std::size_t>(pattern.anchor)])
        if (!view.above && best != Match::yes)
            best = std::max(best, std::min(view.sure, pattern.rest.match(view.inside, view.inside_nul)));
    return best;
}

Match Place::touched(const PathPattern& pattern) const {
    auto best = itself(pattern);
    if (best == Match::yes || !recursive_ || pattern.anywhere) return best;
    for (const auto& view : views_[static_cast<std::size_t>(pattern.anchor)]) {
        const bool there = view.above || pattern.fixed.match(view.rest, view.rest_nul) == Match::yes ||
                           pattern.fixed.match(view.inside, view.inside_nul) != Match::no;
        if (there) best = std::max(best, known_ ? view.sure : Match::maybe);
    }
    return best;
}

bool Place::whole_workspace() const {
    const auto& views = views_[static_cast<std::size_t>(Anchor::workspace)];
    return std::ranges::any_of(
        views, [](const View& view) { return view.rest.empty() && !view.above && view.sure == Match::yes; });
}

bool Place::points_to(const PathPattern& pattern) const {
    if (known_) return false;
    for (const auto& view : views_[static_cast<std::size_t>(pattern.anchor)]) {
        if (view.above || view.sure == Match::no) continue;
        if (hole_in(view.rest) == std::string::npos) {
            if (may_hit(pattern, view.rest)) return true;
            continue;
        }
        if (view.sure != Match::yes || pattern.anywhere) continue;
        const auto names = with_names(view.rest);
        if (pattern.rest.match(names) == Match::yes || (recursive_ && may_hit(pattern, names))) return true;
    }
    return false;
}

// A pattern of the shell: `*` alone tells of no name, unless all that is there is meant.
bool Place::may_hit(const PathPattern& pattern, std::string_view rest) const {
    if (pattern.anywhere) {
        const auto name = shortest(last_component(pattern.rest.source()));
        const auto last = last_component(rest);
        return last.find('\0') >= 2 && !name.empty() && match_glob(name, last) != Match::no;
    }
    const bool below = pattern.rest.source() != pattern.fixed.source();
    const auto name = shortest(pattern.fixed.source());
    if (name.empty()) return false;
    const auto text = below ? first_of(rest, components(name)) : rest;
    if (text.find('\0') == std::string_view::npos) return false;
    if (pattern.anchor == Anchor::workspace && !recursive_ && last_component(text).find('\0') < 2) return false;
    return match_glob(name, text) != Match::no;
}

} // namespace owhale::policy
