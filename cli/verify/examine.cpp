#include "cli/verify/examine.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <ctime>
#include <map>

#include "audit/merkle/proofs.hpp"
#include "cli/audit_rows.hpp"
#include "cli/verify/findings.hpp"
#include "cli/verify/log_file.hpp"
#include "cli/verify/progress.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::uint64_t kMostInRange = 100'000;
using Drops = std::map<std::uint64_t, std::uint64_t>; // through -> sequence of the event that tells it
constexpr int kMostLooks = 3;
constexpr auto kElsewhere = "what is kept of it elsewhere";
constexpr std::size_t kMostTiles = 4096; // kept of those that proofs are made from

// The tree's hashes as they are stored, each tile read once.
merkle::Reader reader_of(const LogFile& file) {
    auto kept = std::make_shared<std::map<std::tuple<unsigned, std::uint64_t, std::size_t>, std::vector<Hash>>>();
    return [&file, kept](unsigned level, std::uint64_t first, std::size_t count) -> Result<std::vector<Hash>> {
        const std::tuple place(level, first, count);
        if (const auto found = kept->find(place); found != kept->end()) return found->second;
        if (kept->size() >= kMostTiles) kept->clear();
        return kept->emplace(place, TRY(file.tile(level, first, count))).first->second;
    };
}

// By proofs: that each of them is in the tree which the newest checkpoint was signed over.
void prove(const LogFile& file, std::uint64_t first, std::uint64_t last, const merkle::Checkpoint& newest, Pass& pass) {
    const auto read = reader_of(file);
    for (auto seq = first; seq <= std::min(last, newest.size); ++seq) {
        const auto leaf = read(0, seq - 1, 1);
        const auto proof = merkle::inclusion_proof(seq - 1, newest.size, read);
        if (leaf && proof && merkle::verify_inclusion(leaf->front(), seq - 1, newest.size, *proof, newest.root))
            continue;
        pass.add_problem(seq, {}, proof ? "changed" : "node_changed",
                         proof ? "it is not in the tree that the checkpoint over " + with_commas(newest.size) +
                                     " events was signed over, or that tree's nodes were changed"
                               : proof.error().message);
    }
}

// The newest drop is the one that counts; of one that ends before these events nothing is to be said. What tells of it is
// mostly elsewhere: it has to be in the tree, too.
Result<Drops> drop_behind(const LogFile& file, std::uint64_t first, const merkle::Checkpoint& newest, Pass& pass) {
    const auto all = TRY(file.drops());
    if (all.empty() || all.rbegin()->first < first) return Drops{};
    const auto [through, seq] = *all.rbegin();
    const auto text = TRY(file.text_of(seq));
    const auto body = text ? read_body(*text) : std::nullopt;
    const auto proof = body && seq >= 1 && seq <= newest.size
                           ? merkle::inclusion_proof(seq - 1, newest.size, reader_of(file))
                           : Result<merkle::Proof>(fail(Code::not_found, ""));
    if (proof && merkle::verify_inclusion(merkle::leaf_hash(*text), seq - 1, newest.size, *proof, newest.root))
        pass.told_elsewhere(*body, seq);
    return Drops{{through, seq}};
}

Result<Report> examine_range(LogFile& file, Findings& findings, const Request& request, std::uint64_t size) {
    const auto [first, last] = *request.range;
    if (first < 1 || first > last || last > size)
        return fail(Code::bad_request, "the log has the events 1 to " + std::to_string(size),
                    "--range A..B names some of them, the first one first");
    if (last - first >= kMostInRange)
        return fail(Code::bad_request, "a range may have at most " + with_commas(kMostInRange) + " events",
                    "without --range all of them are verified");
    const auto newest = findings.newest();
    Pass pass(findings.report(), {}, {}, first);
    Progress progress(last - first + 1, request.progress);
    CHECK(file.read(pass, first, last, [&](std::uint64_t at) { progress.at(at - first + 1); }));
    pass.finish(TRY(drop_behind(file, first, newest.value_or(merkle::Checkpoint()), pass)));
    if (newest) prove(file, first, last, *newest, pass);
    return findings.end_of_part(newest ? newest->size : 0);
}

Result<Report> examine_file_now(LogFile& file, const Request& request) {
    Findings findings(request);
    const auto size = TRY(file.size());
    const auto expected = size == 0 ? request.expected : std::nullopt;
    findings.take_key(TRY(file.first_of("audit.opened")), TRY(file.identity()), expected, kElsewhere, size == 0);
    CHECK(findings.check_saved());
    for (const auto& [at, note] : TRY(file.checkpoints())) findings.take_checkpoint(at, note);
    if (request.range) return examine_range(file, findings, request, size);
    Pass pass(findings.report(), findings.claims(),
              [&file](unsigned level, std::uint64_t index) { return file.node(level, index); });
    {
        Progress progress(size, request.progress);
        CHECK(file.read(pass, 1, size, [&](std::uint64_t at) { progress.at(at); }));
    }
    pass.finish(TRY(file.drops()));
    return findings.end(pass);
}

// Another look is no help.
Report unreadable(const Error& error) {
    Report out{.bad = 1};
    out.problems.push_back({1, {}, "unreadable", error.message});
    return out;
}

// What retention drops meanwhile is told by an event that this look may not have come to: another one does.
Result<Report> examine_looks(const std::string& path, const Request& request) {
    auto file = TRY(LogFile::open(path));
    for (int looks = 1;; ++looks) {
        const auto before = TRY(file.drops());
        auto report = TRY(examine_file_now(file, request));
        if (report.whole || looks == kMostLooks || TRY(file.drops()) == before) return report;
    }
}

} // namespace

Result<Report> examine_database(const std::string& path, const Request& request) {
    auto report = examine_looks(path, request);
    if (!report && report.error().step == kDamaged) return unreadable(report.error());
    return report;
}

Result<std::optional<Report>> examine_nothing(const Request& request) {
    if (!request.pinned && !request.expected) return std::nullopt;
    Findings findings(request);
    findings.take_key({}, {}, request.expected, kElsewhere);
    CHECK(findings.check_saved());
    Pass pass(findings.report(), findings.claims(), {});
    pass.finish({});
    auto report = findings.end(pass);
    const bool known = std::ranges::any_of(report.problems, [](const Problem& one) { return one.kind == "emptied"; });
    return known ? std::optional(std::move(report)) : std::nullopt;
}

} // namespace owhale::cli::verify
