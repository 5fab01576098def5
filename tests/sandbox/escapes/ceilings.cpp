// Limits above the spawner's own ceilings, and the host's network without the right to it.
#include <limits>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
constexpr const char* kConfig = "max-memory 256M\nmax-pids 64\nmax-runs 2\n";

void over(const Place& place, const char* name, void (*spoil)(wire::Run&)) {
    Stage stage(place, kConfig);
    auto draft = stage.ready_draft();
    spoil(draft.run);
    const auto answer = stage.launch(draft);
    if (answer.end == End::started) stage.await_end();
    check(name, answer.end == End::refused && !stage.marked(), answer.text());
}

void within(const Place& place) {
    Stage stage(place, kConfig);
    auto draft = stage.ready_draft();
    draft.run.memory = 128u << 20;
    draft.run.pids = 32;
    const auto answer = stage.launch(draft);
    const auto end = stage.await_end();
    check("control: limits below the ceilings", answer.end == End::started && end && end->exit_code == 0,
          answer.text());
}

void too_many_runs(const Place& place) {
    Stage stage(place, kConfig);
    for (int i = 0; i < 2; ++i) {
        auto draft = stage.ready_draft();
        set_script(draft, "sleep 30");
        check("control: a run below the ceiling of runs", stage.launch(draft).end == End::started);
    }
    const auto answer = stage.launch(stage.ready_draft());
    check("one run more than the ceiling", answer.end == End::refused && !stage.marked(), answer.text());
}

void host_network(const Place& place) {
    const auto attempt = [](Stage& stage) {
        auto draft = stage.ready_draft();
        draft.run.flags |= wire::kRunNetHost;
        const auto answer = stage.launch(draft);
        if (answer.end == End::started) stage.await_end();
        return answer;
    };
    Stage without(place, "net-host 46999\n");
    const auto refused = attempt(without);
    check("the host's network for a uid not listed", refused.end == End::refused && !without.marked(), refused.text());
    Stage listed(place, "net-host " + std::to_string(without.caller()) + "\n");
    const auto allowed = attempt(listed);
    check("control: the host's network for a uid that is listed", allowed.end == End::started, allowed.text());
}

} // namespace

void play_ceilings(const Place& place) {
    within(place);
    over(place, "memory over the ceiling", [](wire::Run& run) { run.memory = std::uint64_t{1} << 40; });
    over(place, "memory of all bits", [](wire::Run& run) { run.memory = kHuge; });
    over(place, "pids over the ceiling", [](wire::Run& run) { run.pids = 65; });
    over(place, "pids of all bits", [](wire::Run& run) { run.pids = kHuge; });
    too_many_runs(place);
    host_network(place);
}

} // namespace owhale::escapes
