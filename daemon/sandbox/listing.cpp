// What is told of runs and boxes, and their removal.
#include <algorithm>

#include "sandbox/record.hpp"
#include "sandbox/registry.hpp"

#include "sandbox/bounds.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kShownChildren = 100;
constexpr std::size_t kListedCommand = 4096; // bytes of a command that a list shows

Error no_such_run() {
    return {Code::not_found, "there is no such run", "`owhalectl runs ls` lists yours", 0, {}};
}

void shorten(api::Run& run) {
    run.receipt.reset();
    cut_command(run.command, kListedCommand);
}

// A run's runs are those of whoever made the first, too. Without that one's record they are nobody's but `any`'s.
bool is_own(RunRows& rows, const api::Run& run, const std::string& principal) {
    if (run.principal == principal) return true;
    if (!run.parent || run.principal != "run:" + *run.parent) return false;
    const auto parent = rows.find(*run.parent);
    return parent && *parent && (*parent)->principal == principal;
}

bool is_own(const Run& run, const std::string& principal) {
    return run.caller().principal == principal || run.caller().payer == principal;
}

} // namespace

Result<api::Run> Registry::show(const std::string& id, const std::string& principal, bool any) {
    if (const auto run = live(id)) {
        if (!any && !is_own(*run, principal)) return std::unexpected(no_such_run());
        auto record = run->snapshot();
        if (run->cage.networked) record.network = parts_.network->report(run->number());
        if (run->cage.asks) add_children(record);
        return record;
    }
    auto row = TRY(rows_.find(id));
    if (const auto late = unrecorded_.find(id); late != unrecorded_.end()) row = late->second.record;
    if (!row || (!any && !is_own(rows_, *row, principal))) return std::unexpected(no_such_run());
    add_children(*row);
    return std::move(*row);
}

// It is shown all the same when its rows cannot be read now.
void Registry::add_children(api::Run& record) {
    auto known = rows_.children(record.id, kShownChildren);
    if (!known || known->empty()) return;
    record.children = std::move(*known);
    const auto is_its = [&](const auto& entry) { return entry.second->record.parent == record.id; };
    record.live_children = static_cast<std::uint64_t>(std::ranges::count_if(live_, is_its));
}

Result<api::RunList> Registry::list(const std::string& principal, bool any, const std::string& state,
                                    const std::string& before, std::size_t limit) {
    api::RunList out;
    const auto wanted = state_of(state);
    if (!state.empty() && !wanted)
        return fail(
            Code::invalid_value, "state: there is no such state",
            "one of queued, starting, running, exited, signaled, timed_out, limit_exceeded, killed, failed, lost, …");
    if (wanted && !ended(*wanted)) { // only live ones can be in it
        for (auto at = live_.rbegin(); at != live_.rend() && out.runs.size() < limit; ++at)
            if (at->second->state() == *wanted && (any || is_own(*at->second, principal)) &&
                (before.empty() || at->first < before))
                out.runs.push_back(at->second->snapshot());
    } else {
        out.runs = TRY(rows_.list({any ? "" : principal, state, before, limit}));
        for (auto& run : out.runs)
            if (const auto alive = live(run.id)) run = alive->snapshot();
    }
    for (auto& run : out.runs) shorten(run);
    if (out.runs.size() == limit) out.next = out.runs.back().id;
    return out;
}

Status Registry::remove(const std::string& id) {
    if (live(id)) return fail(Code::run_live, "the run has not ended", "`owhalectl runs kill ID` ends it");
    CHECK(rows_.remove(id));
    unrecorded_.erase(id);
    kept_.remove(id);
    return {};
}

std::vector<std::string> Registry::runs_of_box(const std::string& key) const {
    std::vector<std::string> out;
    for (const auto& [id, run] : live_)
        if (run->record.box == key) out.push_back(id);
    return out;
}

Result<api::BoxList> Registry::boxes(const std::string& principal, bool any) {
    api::BoxList out;
    for (auto& row : boxes_.list(principal, any)) {
        row.box.runs = runs_of_box(row.box.id);
        out.boxes.push_back(std::move(row.box));
    }
    return out;
}

Status Registry::may_touch_box(const std::string& id, const std::string& profile, const std::string& cwd) {
    const auto row = TRY(boxes_.find(id, "", true));
    api::Run uses;
    uses.profile = row.profile;
    uses.workspace = row.box.workspace.empty() ? row.fence : row.box.workspace;
    if (uses.workspace.empty()) uses.workspace = "/"; // of runs that no token bound to a folder: not its own
    return check_entry(profile, cwd, uses);
}

Status Registry::reset_box(const std::string& id, const std::string& principal, bool any) {
    const auto row = TRY(boxes_.find(id, principal, any));
    if (const auto users = runs_of_box(id); !users.empty())
        return fail(Code::run_live, "the box is in use by run " + users.front(),
                    "end it first: owhalectl runs kill " + users.front());
    parts_.spawner.reset_box(id, row.uid);
    return {};
}

boost::asio::awaitable<Result<api::Publish>> Registry::publish(std::shared_ptr<Run> run, api::Publish port) {
    if (parts_.network == nullptr || !run->cage.networked)
        co_return fail(Code::unsupported, "the run has no network of its own whose ports could be published",
                       "start it with --net scoped, or publish the port with `run -p`");
    co_return co_await parts_.network->publish(run->number(), std::move(port));
}

} // namespace owhale::sandbox
