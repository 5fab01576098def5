#include "audit/index/filler.hpp"

#include <algorithm>

#include "audit/index/facts.hpp"
#include "store/emptied_log.hpp"
#include "store/transaction.hpp"

namespace owhale::audit::index {
namespace {

constexpr std::size_t kMostPrincipals = 65'536;
constexpr std::uint64_t kAtOnce = 1024; // events read in one look at the log

std::unexpected<Error> again(std::string why) {
    return fail(Code::conflict, std::move(why), "it is made again from audit.db");
}

std::string words_text(const Facts& facts, const std::optional<std::string>& body) {
    std::string out;
    const auto add = [&out](const std::string& word) { (out += word) += kBetween; };
    add(fact(Fact::principal, facts.principal));
    add(fact(Fact::verb, facts.verb));
    add(fact(Fact::event, facts.event));
    add(fact(Fact::outcome, facts.outcome));
    if (!facts.run.empty()) add(run_fact(facts.run));
    if (!body) return out;
    const auto words = words_of(*body);
    if (!words.all) add(cut_off_fact());
    for (const auto& word : words.words) add(word);
    return out;
}

} // namespace

Result<std::unique_ptr<Filler>> Filler::open(const std::string& dir) {
    auto truth = TRY(Truth::open(dir + "/audit.db"));
    auto index = open_index(index_path(dir));
    if (!index) {
        auto error = std::move(index).error();
        if (is_damaged(error, index_path(dir))) error.code = Code::conflict;
        return std::unexpected(std::move(error));
    }
    std::unique_ptr<Filler> filler(new Filler(std::move(*index), std::move(truth)));
    CHECK(filler->check_standing());
    return filler;
}

std::unexpected<Error> Filler::told(Error error) const {
    if (is_damaged(error, index_.path())) error.code = Code::conflict;
    return std::unexpected(std::move(error));
}

Status Filler::check_standing() {
    auto found = standing(index_);
    if (!found) return told(found.error());
    standing_ = *found;
    if (standing_.through == 0) return {};
    const auto first = TRY(truth_.hash(1));
    const auto last = TRY(truth_.hash(standing_.through));
    if (first != standing_.first || last != standing_.last) return again("the audit index is of another log");
    return {};
}

Result<std::uint64_t> Filler::add(std::uint64_t most) {
    hours_.clear();
    auto added = add_now(most);
    if (!added) return told(added.error());
    return added;
}

Result<std::uint64_t> Filler::add_now(std::uint64_t most) {
    const auto last = TRY(truth_.last());
    if (last < standing_.through) return again("the audit log is shorter than its index");
    if (last == standing_.through) return std::uint64_t{0};
    const auto first = standing_.through + 1;
    const auto partition = partition_of(first);
    const Span span{first, std::min({last, first + most - 1, last_of(partition)})};
    auto transaction = TRY(index_.begin());
    if (first == first_of(partition)) CHECK(make_partition(partition));
    CHECK(fill(partition, span, true));
    const bool whole = span.last == last_of(partition);
    CHECK(note(partition, span.last, whole));
    CHECK(store_hours());
    CHECK(store_standing(span.last));
    CHECK(transaction.commit());
    return span.last - first + 1;
}

Status Filler::make_partition(std::uint64_t partition) {
    const auto table = table_of(partition);
    CHECK(index_.execute("CREATE VIRTUAL TABLE " + table +
                         " USING fts5(words, content='', columnsize=0, detail=none, prefix='2 3', tokenize='owhale')"));
    // A batch is written in one piece, not in many that have to be merged.
    return index_.execute("INSERT INTO " + table + " (" + table + ", rank) VALUES ('hashsize', 67108864)");
}

Result<std::uint64_t> Filler::fill(std::uint64_t partition, Span span, bool counting) {
    const auto dropped = TRY(truth_.dropped()); // bodies up to there go, if they have not yet
    auto words = TRY(index_.prepare("INSERT INTO " + table_of(partition) + " (rowid, words) VALUES (?, ?)"));
    for (auto first = span.first; first <= span.last; first += kAtOnce) {
        Status status;
        const auto take = [&](const Facts& facts, const std::optional<std::string>& body) {
            status = insert(words, facts, facts.seq > dropped ? body : std::nullopt);
            if (status && counting) status = count(facts);
            return !status;
        };
        CHECK(truth_.each({first, std::min(span.last, first + kAtOnce - 1)}, false, true, take));
        CHECK(std::move(status));
    }
    return span.last - span.first + 1;
}

Status Filler::insert(store::Statement& words, const Facts& facts, const std::optional<std::string>& body) {
    return words.with(facts.seq, words_text(facts, body)).run();
}

// What many have in common counts as one: the principals that runs are.
Result<std::uint64_t> Filler::folded(std::uint64_t principal) {
    if (const auto known = principals_.find(principal); known != principals_.end()) return known->second;
    const auto text = TRY(truth_.word(principal));
    if (principals_.size() >= kMostPrincipals) principals_.clear();
    return principals_[principal] = text.starts_with("run:") ? kRuns : principal;
}

Status Filler::count(const Facts& facts) {
    const auto hour = hour_of(facts.time);
    auto counts = hours_.find(hour);
    if (counts == hours_.end()) {
        counts = hours_.emplace(hour, Counts()).first;
        auto find = TRY(index_.prepare("SELECT counts FROM hours WHERE hour = ?"));
        auto row = find.with(hour);
        if (TRY(row.next()))
            CHECK(each_cell(row.blob(0), [&](Cell cell, std::uint64_t n) { counts->second.add(cell, n); }));
    }
    counts->second.add({facts.event, TRY(folded(facts.principal)), facts.outcome});
    return {};
}

Status Filler::store_hours() {
    auto store = TRY(index_.prepare("REPLACE INTO hours (hour, counts) VALUES (?, ?)"));
    for (const auto& [hour, counts] : hours_) {
        const auto bytes = encode(counts);
        const std::span data(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        CHECK(store.with(hour, data).run());
    }
    hours_.clear();
    return {};
}

Status Filler::store_standing(std::uint64_t through) {
    auto next = standing_;
    next.through = through;
    if (next.first.empty()) next.first = TRY(truth_.hash(1));
    next.last = TRY(truth_.hash(through));
    auto store = TRY(index_.prepare("UPDATE standing SET through = ?, first = ?, last = ?"));
    CHECK(store.with(next.through, next.first, next.last).run());
    standing_ = std::move(next); // a commit that fails makes the whole filler anew
    return {};
}

Status Filler::note(std::uint64_t partition, std::uint64_t through, bool whole) {
    const auto table = table_of(partition);
    // One segment in place of many: a word is looked up once.
    if (whole) CHECK(index_.execute("INSERT INTO " + table + " (" + table + ") VALUES ('optimize')"));
    const auto dropped = std::min(TRY(truth_.dropped()), through);
    auto store = TRY(index_.prepare("INSERT INTO partitions (number, through, dropped, whole) VALUES (?, ?, ?, ?)"
                                    " ON CONFLICT DO UPDATE SET through = excluded.through, whole = excluded.whole"));
    return store.with(partition, through, dropped, whole ? 1 : 0).run();
}

Result<bool> Filler::forget() {
    auto done = forget_now();
    if (!done) return told(done.error());
    if (*done) forgetting_ = true;
    if (*done || !forgetting_ || TRY(truth_.dropped()) == 0) return done;
    forgetting_ = !store::empty_log(index_); // or with the next events
    return done;
}

Result<bool> Filler::forget_now() {
    const auto dropped = TRY(truth_.dropped());
    if (dropped == 0) return false;
    for (const auto& [number, through, known, whole] : TRY(partitions(index_))) {
        if (known >= std::min(dropped, through) || dropped < first_of(number)) continue;
        auto transaction = TRY(index_.begin());
        CHECK(index_.execute("DROP TABLE " + table_of(number)));
        auto remove = TRY(index_.prepare("DELETE FROM partitions WHERE number = ?"));
        CHECK(remove.with(number).run());
        CHECK(make_partition(number));
        CHECK(fill(number, {first_of(number), through}, false));
        CHECK(note(number, through, whole));
        CHECK(transaction.commit());
        return true;
    }
    return false;
}

} // namespace owhale::audit::index
