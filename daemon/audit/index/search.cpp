#include "audit/index/search.hpp"

#include <algorithm>

#include "audit/filter_words.hpp"
#include "audit/moment.hpp"
#include "audit/run_bytes.hpp"

namespace owhale::audit::index {
namespace {

using Clock = std::chrono::steady_clock;
using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kMostRows = 1000, kMostValues = 32;
constexpr unsigned kLook = 64; // events read through between two looks at the clock

// A query in the log's own terms.
struct Wanted {
    Span within;
    Times times;
    std::vector<std::pair<Fact, Numbers>> facts; // of each, one
    std::string run;
    std::optional<Needle> needle;
    std::size_t limit = 0;
    bool newest_first = true;
    bool nothing = false; // the log knows no such word
    bool own_only = false;

    bool matches(const Facts& facts) const;
    std::string expression() const;
};

std::uint64_t number_in(const Facts& facts, Fact kind) {
    switch (kind) {
    case Fact::principal:
        return facts.principal;
    case Fact::verb:
        return facts.verb;
    case Fact::event:
        return facts.event;
    default:
        return facts.outcome;
    }
}

bool Wanted::matches(const Facts& of) const {
    if (!times.has(of.time) || (!run.empty() && of.run != run)) return false;
    return std::ranges::all_of(facts, [&](const auto& one) {
        return std::ranges::find(one.second, number_in(of, one.first)) != one.second.end();
    });
}

// Of who sees its own alone, whose they are is all that the index is asked: the rest is looked for among those.
std::string Wanted::expression() const {
    Expression out;
    for (const auto& [kind, numbers] : facts) {
        if (own_only && kind != Fact::principal) continue;
        std::vector<std::string> words;
        for (const auto number : numbers) words.push_back(fact(kind, number));
        out.any_of(words);
    }
    if (own_only) return out.text();
    if (!run.empty()) out.any_of(std::vector{run_fact(run)});
    if (needle) out.needle(*needle);
    return out.text();
}

Status want(Truth& truth, Wanted& out, Fact kind, Word word, const std::string& list) {
    if (list.empty()) return {};
    if (parts_of(list).size() > kMostValues) return fail(Code::invalid_value, "a filter has more than 32 values");
    const auto words = chosen(word, list);
    if (!words) return {};
    auto numbers = TRY(truth.numbers(*words));
    out.nothing |= numbers.empty();
    out.facts.emplace_back(kind, std::move(numbers));
    return {};
}

Status want_principal(Truth& truth, Wanted& out, const std::string& name) {
    if (name.empty()) return {};
    auto numbers = TRY(truth.principal(name));
    out.nothing |= numbers.empty();
    out.facts.emplace_back(Fact::principal, std::move(numbers));
    return {};
}

Status want_times(const Query& query, Wanted& out) {
    if (!query.since.empty()) out.times.since = TRY(moment_of(query.since, "since"));
    if (!query.until.empty()) out.times.until = TRY(moment_of(query.until, "until"));
    return {};
}

Result<Wanted> wanted(Truth& truth, const Query& query) {
    Wanted out;
    const auto last = TRY(truth.last());
    out.within.first = query.after ? std::min(*query.after, last) + 1 : 1;
    out.within.last = query.before ? std::min(std::max<std::uint64_t>(*query.before, 1) - 1, last) : last;
    CHECK(want_times(query, out));
    CHECK(want_principal(truth, out, query.principal));
    CHECK(want(truth, out, Fact::verb, Word::verb, query.verb));
    CHECK(want(truth, out, Fact::event, Word::event, query.event));
    CHECK(want(truth, out, Fact::outcome, Word::outcome, query.outcome));
    if (const auto run = to_run_bytes(query.run)) out.run.assign(run->begin(), run->end());
    if (!query.grep.empty()) out.needle.emplace(query.grep);
    out.limit = std::clamp<std::size_t>(query.limit, 1, kMostRows);
    out.newest_first = query.newest_first;
    out.own_only = query.own_only;
    return out;
}

// A span that is one partition's, or that is in none.
struct Piece {
    Span span;
    std::optional<std::uint64_t> partition;
};

// Cuts `span` where partitions begin and end; oldest first.
std::vector<Piece> pieces_of(Span span, const std::vector<Partition>& newest_first) {
    std::vector<Piece> out;
    auto next = span.first;
    for (auto one = newest_first.rbegin(); one != newest_first.rend() && next <= span.last; ++one) {
        const Span indexed{std::max(first_of(one->number), next), std::min(one->through, span.last)};
        if (indexed.first > indexed.last) continue;
        if (next < indexed.first) out.push_back({{next, indexed.first - 1}, {}});
        out.push_back({indexed, one->number});
        next = indexed.last + 1;
    }
    if (next <= span.last) out.push_back({{next, span.last}, {}});
    return out;
}

class Search {
public:
    Search(Sources& sources, Wanted wanted, std::chrono::microseconds budget)
        : sources_(sources), wanted_(std::move(wanted)), expression_(wanted_.expression()),
          end_(Clock::now() + budget) {}

    Result<Page> page() {
        for (const auto& piece : TRY(pieces())) {
            if (TRY(look_at(piece))) return std::move(page_);
            page_.searched_to = wanted_.newest_first ? piece.span.first : piece.span.last;
            if (!late()) continue;
            page_.complete = false;
            return std::move(page_);
        }
        page_.complete = true;
        return std::move(page_);
    }

private:
    // In the order of the search.
    Result<std::vector<Piece>> pieces() {
        std::vector<Partition> known;
        if (sources_.index && !expression_.empty()) known = TRY(partitions(*sources_.index));
        std::vector<Piece> out;
        if (wanted_.nothing) return out;
        for (const auto& span : TRY(sources_.truth.spans(wanted_.times, wanted_.within)))
            for (const auto& piece : pieces_of(span, known)) out.push_back(piece);
        if (wanted_.newest_first) std::ranges::reverse(out);
        return out;
    }

    // True: the page ends here.
    Result<bool> look_at(const Piece& piece) { return piece.partition ? look_up(piece) : read_through(piece.span); }

    Result<bool> look_up(const Piece& piece) {
        const auto table = table_of(*piece.partition);
        auto find = TRY(sources_.index->prepare("SELECT rowid FROM " + table + " WHERE " + table +
                                                " MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid" +
                                                (wanted_.newest_first ? " DESC" : "")));
        auto row = find.with(expression_, piece.span.first, piece.span.last);
        while (TRY(row.next()))
            if (TRY(consider(static_cast<std::uint64_t>(row.integer(0))))) return true;
        return false;
    }

    Result<bool> consider(std::uint64_t seq) {
        Result<bool> ended = false;
        CHECK(sources_.truth.each({seq, seq}, false, false, [&](const Facts& facts, const auto&) {
            ended = judge(facts);
            return true;
        }));
        if (ended && !*ended && late()) return stop_at(seq);
        return ended;
    }

    Result<bool> read_through(Span span) {
        Result<bool> ended = false;
        unsigned looked = 0;
        CHECK(sources_.truth.each(span, wanted_.newest_first, false, [&](const Facts& facts, const auto&) {
            ended = judge(facts);
            const bool look = wanted_.needle || ++looked % kLook == 0;
            if (ended && !*ended && look && late()) ended = stop_at(facts.seq);
            return !ended || *ended;
        }));
        return ended;
    }

    // Takes the event into the page if it is wanted; true when the page is full.
    Result<bool> judge(const Facts& facts) {
        if (!wanted_.matches(facts)) return false;
        auto body = TRY(sources_.truth.body(facts.seq));
        if (wanted_.needle && (!body || !wanted_.needle->in(*body))) return false;
        const bool dropped = !body;
        page_.rows.push_back(
            {facts.seq, TRY(sources_.truth.hash(facts.seq)), std::move(body).value_or(std::string()), dropped});
        return page_.rows.size() == wanted_.limit && stop_at(facts.seq);
    }

    bool stop_at(std::uint64_t seq) {
        page_.searched_to = seq;
        page_.complete = wanted_.newest_first ? seq <= wanted_.within.first : seq >= wanted_.within.last;
        return true;
    }

    bool late() const { return Clock::now() >= end_; }

    Sources& sources_;
    const Wanted wanted_;
    const std::string expression_;
    const Clock::time_point end_;
    Page page_;
};

} // namespace

Result<Page> find_page(Sources& sources, const Query& query, std::chrono::microseconds budget) {
    CHECK(sources.truth.begin());
    const auto log = sources.truth.ending();
    auto asked = TRY(wanted(sources.truth, query));
    if (sources.index) (void)sources.index->execute("BEGIN");
    auto page = Search(sources, std::move(asked), budget).page();
    if (!sources.index) return page;
    sources.index_failed = !page && page.error().message.starts_with(sources.index->path());
    (void)sources.index->execute("COMMIT");
    return page;
}

} // namespace owhale::audit::index
