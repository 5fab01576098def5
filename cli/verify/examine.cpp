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
    pass.finish(TRY(file.drops()));
    if (newest) prove(file, first, last, *newest, pass);
    return findings.end_of_part(newest ? newest->size : 0);
}

} // namespace

Result<Report> examine_database(const std::string& path, const Request& request) {
    auto file = TRY(LogFile::open(path));
    Findings findings(request);
    findings.take_key(TRY(file.first_of("audit.opened")), TRY(file.identity()));
    const auto size = TRY(file.size());
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

} // namespace owhale::cli::verify
