#include "cli/verify/served_log.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "audit/merkle/proofs.hpp"
#include "cli/connection.hpp"
#include "cli/messages.hpp"
#include "cli/verify/export_lines.hpp"
#include "shared/verbs.hpp"

namespace owhale::cli::verify {
namespace {

namespace json = boost::json;

constexpr int kMostLooks = 3;
constexpr std::uint64_t kMostProofs = 1000; // one call each
constexpr std::chrono::minutes kLongestSilence{2};

std::unexpected<Error> not_understood() {
    return fail(Code::internal, "owhaled's answer is not understood",
                "use an owhalectl of owhaled's own version (owhalectl version)");
}

Result<json::object> asked(Context& context, Call call) {
    if (find_verb(call.verb) == nullptr)
        return fail(Code::unsupported, "this owhaled's API has no " + std::string(call.verb),
                    "read the file: --dir STATE");
    const auto body = TRY(context.ask(std::move(call)));
    boost::system::error_code error;
    auto value = json::parse(body, error);
    if (error || !value.is_object()) return not_understood();
    return std::move(value.get_object());
}

Result<std::string> text_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return not_understood();
    return std::string(value->get_string());
}

Result<merkle::Proof> hashes_in(const json::object& object) {
    const auto* list = object.if_contains("hashes");
    if (list == nullptr || !list->is_array()) return not_understood();
    merkle::Proof out;
    for (const auto& one : list->get_array()) {
        const auto hash = one.is_string() ? merkle::hash_from_base64(std::string_view(one.get_string())) : std::nullopt;
        if (!hash || out.size() >= 128) return not_understood();
        out.push_back(*hash);
    }
    return out;
}

// The export's bytes, read from the connection as they are wanted.
class Stream {
public:
    Stream(const Where& where, Call call) : connection_(loop_.get_executor(), where) {
        boost::asio::co_spawn(
            loop_, connection_.follow(std::move(call), [this](std::string_view bytes) { waiting_.append(bytes); }),
            [this](const std::exception_ptr&, Status status) { ended_ = std::move(status); });
    }
    Result<std::string> next() {
        while (waiting_.empty() && !ended_) loop_.run_one();
        // An end is always told as unreachable: whether it came too early is seen by what is missing.
        if (waiting_.empty() && ended_->error().code != Code::unreachable) return std::unexpected(ended_->error());
        return std::exchange(waiting_, {});
    }

private:
    boost::asio::io_context loop_{1};
    Connection connection_;
    std::string waiting_;
    std::optional<Status> ended_;
};

Call export_call(std::uint64_t after, std::uint64_t until) {
    Call call{.verb = "audit.export"};
    call.query = {{"after", std::to_string(after)}, {"until_seq", std::to_string(until)}, {"format", "jsonl"}};
    call.limit = kLongestSilence;
    return call;
}

// Each event's own proof; how many there are that have none.
Status prove(Context& context, const merkle::Checkpoint& head,
             const std::vector<std::pair<std::uint64_t, Hash>>& leaves, Report& report) {
    for (const auto& [seq, leaf] : leaves) {
        const auto answer =
            TRY(asked(context, {.verb = "audit.proof",
                                .query = {{"seq", std::to_string(seq)}, {"size", std::to_string(head.size)}}}));
        const auto proof = TRY(hashes_in(answer));
        if (merkle::verify_inclusion(leaf, seq - 1, head.size, proof, head.root)) continue;
        ++report.bad;
        report.problems.push_back(
            {seq, {}, "changed", "owhaled's proof does not hold: it is not in the tree that is signed"});
    }
    return {};
}

} // namespace

Result<ServedHead> served_head(Context& context, std::optional<std::uint64_t> covers) {
    Call call{.verb = "audit.checkpoint"};
    if (covers) call.query = {{"covers", std::to_string(*covers)}};
    const auto answer = TRY(asked(context, std::move(call)));
    return ServedHead{TRY(text_in(answer, "note")), TRY(text_in(answer, "key"))};
}

Result<bool> goes_on(Context& context, const merkle::Checkpoint& from, const merkle::Checkpoint& to) {
    if (from.size > to.size) return false;
    if (from.size == to.size || from.size == 0) return from.size == 0 || from.root == to.root;
    const auto answer =
        TRY(asked(context, {.verb = "audit.consistency",
                            .query = {{"from", std::to_string(from.size)}, {"to", std::to_string(to.size)}}}));
    const auto proof = TRY(hashes_in(answer));
    return merkle::verify_consistency(from.size, to.size, proof, from.root, to.root);
}

void take_later(Context& context, const merkle::NoteKey& key, const merkle::Checkpoint& from,
                const merkle::Checkpoint& to, Report& report) {
    const auto head = served_head(context, 1);
    if (!head || head->key != merkle::to_vkey(key)) return;
    const auto proved = goes_on(context, from, to);
    if (!proved) return;
    const auto ends = with_commas(from.size) + " events of this export";
    if (*proved) {
        report.notes.push_back("owhaled proves that the log goes on from the " + ends + " to the " +
                               with_commas(to.size) + " that owhalectl remembers");
        return;
    }
    ++report.bad;
    report.whole = false;
    report.problems.push_back({1, from.size, "rewritten",
                               "owhaled's proof does not hold that its log, of which owhalectl remembers " +
                                   with_commas(to.size) + " events, goes on from the " + ends});
}

namespace {

bool misses(const Report& report) {
    return std::ranges::any_of(report.problems, [](const Problem& one) { return one.kind == "missing"; });
}

Result<Report> examine_now(Context& context, const Request& request) {
    const auto head = TRY(served_head(context));
    auto key = TRY(merkle::parse_vkey(head.key));
    const auto note = TRY(merkle::parse_note(head.note));
    const auto checkpoint = TRY(merkle::parse_checkpoint(note.text)); // whose signature is looked at with the events
    const auto [first, last] = request.range.value_or(std::pair<std::uint64_t, std::uint64_t>(1, checkpoint.size));
    if (first < 1 || first > last || last > checkpoint.size)
        return fail(Code::bad_request, "the log has the events 1 to " + std::to_string(checkpoint.size),
                    "--range A..B names some of them, the first one first");
    if (request.range && last - first >= kMostProofs)
        return fail(Code::bad_request,
                    "over the API a range may have at most " + std::to_string(kMostProofs) + " events",
                    "without --range all of them are verified");
    Stream stream(TRY(context.where()), export_call(first - 1, last));
    const auto read = TRY(
        examine_export([&stream] { return stream.next(); }, {first, last - first + 1, last, key, head.note}, request));
    auto report = read;
    if (!request.range) return report;
    if (report.bad == 0) CHECK(prove(context, checkpoint, report.leaves, report));
    report.leaves.clear();
    report.signed_size = checkpoint.size;
    report.whole = report.bad == 0;
    return report;
}

} // namespace

// What retention drops meanwhile is told by an event behind the checkpoint that this look began with: another one has it.
Result<Report> examine_served(Context& context, const Request& request) {
    for (int looks = 1;; ++looks) {
        auto report = TRY(examine_now(context, request));
        if (looks == kMostLooks || !misses(report)) return report;
    }
}

} // namespace owhale::cli::verify
