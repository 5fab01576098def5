#include "cli/verify/log_file.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unordered_map>

#include "cli/libsqlite.hpp"
#include "cli/verify/texts.hpp"

namespace owhale::cli::verify {
namespace {

constexpr int kLargestCell = 16 << 20; // bytes; an event is at most half of it
constexpr std::size_t kMostCheckpoints = 1'000'000, kMostDrops = 100'000;
constexpr std::uint64_t kChunk = 32768; // events in one transaction
constexpr std::size_t kMostWords = 1 << 16;
constexpr unsigned kMostUnreadable = 100; // places at which reading is begun anew
constexpr std::chrono::seconds kLongestStep{60};
constexpr int kInstructions = 1'000'000; // of SQLite's, between two looks at the clock
// The file's own contents are no good; else it may be read elsewhere, or later.
bool is_damage(int state) {
    const int primary = state & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_TOOBIG;
}

constexpr auto kTables = {"events", "bodies", "words", "nodes", "checkpoints", "drops", "identity"};

std::string url_of(const std::string& path) {
    std::string out = "file:";
    for (const char c : path) {
        if (c == '?' || c == '#' || c == '%')
            out += c == '?' ? "%3f" : c == '#' ? "%23" : "%25";
        else
            out += c;
    }
    return out + "?immutable=1";
}

// A row's `run`: 16 bytes as a UUID.
void write_uuid(const unsigned char* bytes, std::string& to) {
    constexpr std::string_view kHex = "0123456789abcdef";
    to.clear();
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) to += '-';
        to += kHex[bytes[i] >> 4];
        to += kHex[bytes[i] & 15];
    }
}

} // namespace

struct LogFile::State {
    const LibSqlite* sqlite = nullptr;
    sqlite3* database = nullptr;
    std::string path;
    std::chrono::steady_clock::time_point deadline;
    sqlite3_stmt *events = nullptr, *bodies = nullptr, *word = nullptr, *a_node = nullptr;
    std::unordered_map<std::int64_t, std::optional<std::string>> words;

    ~State() {
        if (sqlite == nullptr) return;
        for (auto* one : {events, bodies, word, a_node}) sqlite->sqlite3_finalize(one);
        sqlite->sqlite3_close(database);
    }

    std::unexpected<Error> failed(const std::string& what) const {
        const bool damaged = database != nullptr && is_damage(sqlite->sqlite3_errcode(database));
        return std::unexpected(
            Error{Code::state_unavailable,
                  path + ": " + what + ": " + (database != nullptr ? sqlite->sqlite3_errmsg(database) : "no memory"),
                  "owhaled's log, and a backup of the file, say more", 0, damaged ? std::string(kDamaged) : ""});
    }
    Status execute(const char* sql) {
        return sqlite->sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Status{} : failed(sql);
    }
    Result<sqlite3_stmt*> prepare(const std::string& sql) const {
        sqlite3_stmt* out = nullptr;
        if (sqlite->sqlite3_prepare_v2(database, sql.c_str(), -1, &out, nullptr) != SQLITE_OK)
            return failed("it is not owhaled's audit log");
        return out;
    }
    void begin_step() { deadline = std::chrono::steady_clock::now() + kLongestStep; }
    int step(sqlite3_stmt* statement) { return sqlite->sqlite3_step(statement); }

    bool is(sqlite3_stmt* statement, int column, int type) const {
        return sqlite->sqlite3_column_type(statement, column) == type;
    }
    std::string_view bytes(sqlite3_stmt* statement, int column) const {
        const auto* data = static_cast<const char*>(sqlite->sqlite3_column_blob(statement, column));
        return {data, data == nullptr ? 0 : static_cast<std::size_t>(sqlite->sqlite3_column_bytes(statement, column))};
    }
    std::optional<Hash> hash(sqlite3_stmt* statement, int column) const {
        Hash out;
        const auto data = is(statement, column, SQLITE_BLOB) ? bytes(statement, column) : std::string_view();
        if (data.size() != out.size()) return {};
        std::memcpy(out.data(), data.data(), out.size());
        return out;
    }
    std::uint64_t unsigned_of(sqlite3_stmt* statement, int column) const {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(sqlite->sqlite3_column_int64(statement, column), 0));
    }

    // As between the quotes of canonical JSON; nothing for a word that is not there, or no text.
    const std::optional<std::string>& word_of(std::int64_t id) {
        const auto found = words.find(id);
        if (found != words.end()) return found->second;
        if (words.size() >= kMostWords) words.clear();
        auto& out = words[id];
        sqlite->sqlite3_bind_int64(word, 1, id);
        if (step(word) == SQLITE_ROW && is(word, 0, SQLITE_TEXT)) out = between_quotes(bytes(word, 0));
        sqlite->sqlite3_reset(word);
        return out;
    }

    // --- one chunk

    std::array<std::string, 4> kept_words;
    std::string run;

    // The row's columns; what is wrong with it otherwise.
    std::expected<Row, const char*> row_of() {
        Row row{.seq = unsigned_of(events, 0)};
        const auto stored = hash(events, 7);
        if (!stored) return std::unexpected("its row has no hash");
        row.hash = *stored;
        for (int column = 1; column <= 5; ++column)
            if (!is(events, column, SQLITE_INTEGER)) return std::unexpected("its row holds values of a wrong type");
        for (std::size_t i = 0; i < kept_words.size(); ++i) {
            const auto& named = word_of(sqlite->sqlite3_column_int64(events, static_cast<int>(i) + 2));
            if (!named) return std::unexpected("its row names a word that is not there");
            kept_words[i] = *named;
        }
        if (!take_run()) return std::unexpected("its row's run is no id");
        row.columns = Columns{
            sqlite->sqlite3_column_int64(events, 1), kept_words[0], kept_words[1], kept_words[2], kept_words[3], run};
        return row;
    }

    // A UUID's bytes; or, behind a zero byte, another text.
    bool take_run() {
        run.clear();
        if (is(events, 6, SQLITE_NULL)) return true;
        const auto stored = is(events, 6, SQLITE_BLOB) ? bytes(events, 6) : std::string_view();
        if (stored.empty()) return false;
        if (stored.front() == '\0') {
            auto text = between_quotes(stored.substr(1));
            if (text) run = std::move(*text);
            return text.has_value();
        }
        if (stored.size() == 16) write_uuid(reinterpret_cast<const unsigned char*>(stored.data()), run);
        return stored.size() == 16;
    }

    bool below_looked_at = false; // at rows whose number is below 1
    std::optional<Texts> texts;
    bool has_text() const { return texts->state() == SQLITE_ROW; }

    // Of `seq`; those before it belong to no event.
    void take(Row& row, Pass& pass) {
        while (has_text() && texts->seq() < row.seq) {
            pass.add_problem(texts->seq(), {}, "inserted", "there is a text without an event");
            texts->next();
        }
        if (!has_text() || texts->seq() != row.seq) return pass.take(row);
        row.json = texts->json();
        pass.take(row, texts->hash());
    }

    void bind(sqlite3_stmt* statement, std::uint64_t first, std::uint64_t last) {
        sqlite->sqlite3_reset(statement);
        // At first from the start of all on: what no owhaled numbers so is found, too, of very much a part.
        sqlite->sqlite3_bind_int64(statement, 1,
                                   first == 1 && !below_looked_at ? INT64_MIN : static_cast<std::int64_t>(first));
        sqlite->sqlite3_bind_int64(statement, 2, static_cast<std::int64_t>(last));
    }

    // Where it went on to; how it ended.
    std::pair<std::uint64_t, int> chunk(Pass& pass, std::uint64_t first, std::uint64_t last) {
        begin_step();
        bind(events, first, last);
        bind(bodies, first, last);
        texts->begin();
        auto at = first;
        std::uint64_t rows = 0;
        const auto readable = [&] { return has_text() || texts->state() == SQLITE_DONE; };
        int state = readable() ? SQLITE_ROW : texts->state();
        while (state == SQLITE_ROW && (state = step(events)) == SQLITE_ROW) {
            auto row = row_of();
            const auto seq = unsigned_of(events, 0);
            row ? take(*row, pass) : pass.unreadable(seq, row.error());
            at = std::max(at, seq + 1);
            ++rows;
            if (has_text() && texts->seq() == seq) texts->next();
            if (!readable()) state = texts->state();
        }
        if (state == SQLITE_DONE && rows < kChunk) at = last + 1;
        for (auto* one : {events, bodies}) sqlite->sqlite3_reset(one);
        below_looked_at = true;
        return {at, state};
    }
};

LogFile::LogFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogFile::LogFile(LogFile&&) noexcept = default;
LogFile::~LogFile() = default;

namespace {

int too_long(void* deadline) {
    const auto end = *static_cast<std::chrono::steady_clock::time_point*>(deadline);
    return std::chrono::steady_clock::now() < end ? 0 : 1;
}

} // namespace

Result<LogFile> LogFile::open(const std::string& path) {
    auto state = std::make_unique<State>();
    state->path = path;
    state->sqlite = TRY(libsqlite());
    const auto& sqlite = *state->sqlite;
    constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    const auto connect = [&](const std::string& name, int more) {
        sqlite.sqlite3_close(state->database);
        state->database = nullptr;
        if (sqlite.sqlite3_open_v2(name.c_str(), &state->database, kFlags | more, nullptr) != SQLITE_OK) return false;
        // What a schema may do by itself is off: views, triggers, functions; no value is longer than an event can be.
        constexpr std::array<std::pair<int, int>, 4> kSafe = {{{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                                               {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                                               {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                                               {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}}};
        for (const auto& [what, value] : kSafe) sqlite.sqlite3_db_config(state->database, what, value, nullptr);
        sqlite.sqlite3_limit(state->database, SQLITE_LIMIT_LENGTH, kLargestCell);
        sqlite.sqlite3_busy_timeout(state->database, 10'000);
        sqlite.sqlite3_progress_handler(state->database, kInstructions, too_long, &state->deadline);
        state->begin_step();
        return state->execute("SELECT count(*) FROM sqlite_schema").has_value();
    };
    // A copy on a medium that cannot be written has no index of its write-ahead log: it is read as it lies there.
    if (!connect(path, 0) && !connect(url_of(path), SQLITE_OPEN_URI)) return state->failed("it cannot be read");
    CHECK(state->execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 274877906944; PRAGMA cache_size = -65536"));
    for (const auto* table : kTables) {
        const auto shape = TRY(state->prepare("SELECT 1 FROM sqlite_schema WHERE name = '" + std::string(table) +
                                              "' AND type = 'table' AND sql LIKE 'CREATE TABLE%'"));
        const bool there = state->step(shape) == SQLITE_ROW;
        sqlite.sqlite3_finalize(shape);
        if (!there)
            return fail(Code::state_unavailable,
                        path + " is not owhaled's audit log of this version: it has no table '" + table + "'",
                        "start the owhaled of this version with it once: it brings older logs up to date");
    }
    state->events = TRY(state->prepare("SELECT seq, time, event, principal, verb, outcome, run, hash FROM events"
                                       " WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT " +
                                       std::to_string(kChunk)));
    state->bodies = TRY(state->prepare("SELECT seq, json FROM bodies WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq"));
    state->texts.emplace(sqlite, state->database, state->bodies);
    state->word = TRY(state->prepare("SELECT text FROM words WHERE id = ?1"));
    state->a_node = TRY(state->prepare("SELECT hash, min_time, max_time FROM nodes WHERE level = ?1 AND idx = ?2"));
    return LogFile(std::move(state));
}

Result<std::uint64_t> LogFile::size() const {
    const auto statement = TRY(state_->prepare("SELECT max(seq) FROM events"));
    state_->begin_step();
    const int state = state_->step(statement);
    const auto out = state == SQLITE_ROW ? state_->unsigned_of(statement, 0) : 0;
    state_->sqlite->sqlite3_finalize(statement);
    return state == SQLITE_ROW ? Result<std::uint64_t>(out) : state_->failed("its end cannot be read");
}

Result<std::vector<LogFile::Stored>> LogFile::checkpoints() const {
    const auto statement = TRY(state_->prepare("SELECT size, note FROM checkpoints ORDER BY size DESC"));
    state_->begin_step();
    std::vector<Stored> out;
    int state = SQLITE_DONE;
    while (out.size() < kMostCheckpoints && (state = state_->step(statement)) == SQLITE_ROW)
        out.push_back({state_->unsigned_of(statement, 0), std::string(state_->bytes(statement, 1))});
    state_->sqlite->sqlite3_finalize(statement);
    if (state != SQLITE_DONE && state != SQLITE_ROW) return state_->failed("its checkpoints cannot be read");
    std::ranges::reverse(out); // of very many the newest
    return out;
}

Result<std::map<std::uint64_t, std::uint64_t>> LogFile::drops() const {
    const auto statement = TRY(state_->prepare("SELECT through, seq FROM drops ORDER BY through"));
    state_->begin_step();
    std::map<std::uint64_t, std::uint64_t> out;
    int state = SQLITE_DONE;
    while (out.size() < kMostDrops && (state = state_->step(statement)) == SQLITE_ROW)
        out[state_->unsigned_of(statement, 0)] = state_->unsigned_of(statement, 1);
    state_->sqlite->sqlite3_finalize(statement);
    if (state != SQLITE_DONE && state != SQLITE_ROW) return state_->failed("its drops cannot be read");
    return out;
}

Result<std::optional<merkle::NoteKey>> LogFile::identity() const {
    const auto statement = TRY(state_->prepare("SELECT origin, key FROM identity"));
    state_->begin_step();
    std::optional<merkle::NoteKey> out;
    if (state_->step(statement) == SQLITE_ROW)
        if (const auto key = state_->hash(statement, 1))
            out = merkle::NoteKey{std::string(state_->bytes(statement, 0)), *key};
    state_->sqlite->sqlite3_finalize(statement);
    return out;
}

Result<std::optional<std::pair<std::uint64_t, std::string>>> LogFile::first_of(const std::string& event) const {
    const auto statement =
        TRY(state_->prepare("SELECT e.seq, b.json FROM events e JOIN bodies b ON b.seq = e.seq WHERE e.event ="
                            " (SELECT id FROM words WHERE text = ?1) ORDER BY e.seq LIMIT 1"));
    state_->sqlite->sqlite3_bind_text(statement, 1, event.c_str(), -1, SQLITE_STATIC);
    state_->begin_step();
    std::optional<std::pair<std::uint64_t, std::string>> out;
    if (state_->step(statement) == SQLITE_ROW)
        out = std::pair(state_->unsigned_of(statement, 0), std::string(state_->bytes(statement, 1)));
    state_->sqlite->sqlite3_finalize(statement);
    return out;
}

Result<std::optional<std::string>> LogFile::text_of(std::uint64_t seq) const {
    const auto statement = TRY(state_->prepare("SELECT json FROM bodies WHERE seq = ?1"));
    state_->sqlite->sqlite3_bind_int64(statement, 1, static_cast<std::int64_t>(seq));
    state_->begin_step();
    std::optional<std::string> out;
    if (state_->step(statement) == SQLITE_ROW && state_->is(statement, 0, SQLITE_TEXT))
        out = std::string(state_->bytes(statement, 0));
    state_->sqlite->sqlite3_finalize(statement);
    return out;
}

Status LogFile::read(Pass& pass, std::uint64_t first, std::uint64_t last,
                     const std::function<void(std::uint64_t)>& progress) {
    unsigned unreadable = 0;
    for (auto at = first; at <= last;) {
        // Both statements see the same state of the file.
        CHECK(state_->execute("BEGIN"));
        const auto [next, state] = state_->chunk(pass, at, last);
        auto why = state_->texts->why();
        if (why.empty()) why = state_->sqlite->sqlite3_errmsg(state_->database);
        CHECK(state_->execute("COMMIT"));
        at = next;
        progress(std::min(at - 1, last));
        if (state == SQLITE_DONE) continue;
        const bool too_often = ++unreadable > kMostUnreadable;
        if (too_often && is_damage(state)) {
            pass.unreadable(at, last,
                            "reading ended here, after " + std::to_string(kMostUnreadable) +
                                " places that cannot be read: " + why);
            return {};
        }
        if (too_often || state == SQLITE_INTERRUPT)
            return fail(Code::state_unavailable,
                        state_->path + ": reading stopped at event " + std::to_string(at) + ": " + why);
        pass.unreadable(at++, "it cannot be read: " + why);
    }
    return {};
}

std::optional<Pass::Node> LogFile::node(unsigned level, std::uint64_t index) const {
    auto& state = *state_;
    state.begin_step();
    state.sqlite->sqlite3_bind_int64(state.a_node, 1, level);
    state.sqlite->sqlite3_bind_int64(state.a_node, 2, static_cast<std::int64_t>(index));
    std::optional<Pass::Node> out;
    if (state.step(state.a_node) == SQLITE_ROW)
        if (const auto hash = state.hash(state.a_node, 0))
            out = Pass::Node{*hash, state.sqlite->sqlite3_column_int64(state.a_node, 1),
                             state.sqlite->sqlite3_column_int64(state.a_node, 2)};
    state.sqlite->sqlite3_reset(state.a_node);
    return out;
}

Result<std::vector<Hash>> LogFile::tile(unsigned level, std::uint64_t first, std::size_t count) const {
    const auto statement =
        TRY(state_->prepare(level == 0 ? "SELECT hash FROM events WHERE seq BETWEEN ?1 + 1 AND ?2 ORDER BY seq"
                                       : "SELECT hash FROM nodes WHERE level = " + std::to_string(level) +
                                             " AND idx BETWEEN ?1 AND ?2 - 1 ORDER BY idx"));
    state_->begin_step();
    state_->sqlite->sqlite3_bind_int64(statement, 1, static_cast<std::int64_t>(first));
    state_->sqlite->sqlite3_bind_int64(statement, 2, static_cast<std::int64_t>(first + count));
    std::vector<Hash> out;
    while (state_->step(statement) == SQLITE_ROW)
        if (const auto hash = state_->hash(statement, 0)) out.push_back(*hash);
    state_->sqlite->sqlite3_finalize(statement);
    if (out.size() != count)
        return fail(Code::state_unavailable, state_->path + ": the tree's nodes are not all there");
    return out;
}

} // namespace owhale::cli::verify
