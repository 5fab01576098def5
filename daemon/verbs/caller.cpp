#include "verbs/caller.hpp"

#include "sandbox/bounds.hpp"
#include "sandbox/run.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {

sandbox::Caller caller_of(const transport::Request& request, sandbox::Runs& runs) {
    const auto& connection = request.connection;
    // One callback a connection, however many runs it makes.
    if (connection->open && connection->on_close.empty())
        connection->on_close.push_back([&runs, number = connection->number] { runs.connection_closed(number); });
    sandbox::Caller caller;
    caller.connection = connection->number;
    caller.principal = request.who().name;
    const auto& who = request.who();
    caller.uid = who.uid;
    if (connection->peer.kind == identity::Peer::Kind::tcp) caller.account = static_cast<std::uint32_t>(who.account);
    caller.profile = who.profile;
    caller.who = std::make_shared<identity::Principal>(who);
    caller.cwd = who.cwd;
    caller.parent = who.run;
    caller.parent_id = who.run_id;
    caller.gone = [weak = std::weak_ptr(connection)] {
        const auto alive = weak.lock();
        return !alive || !alive->open;
    };
    return caller;
}

namespace {

// Whoever controls a run, or enters it, does what it may do: a token's holder only what the token's own runs may.
Status check_confinement(const transport::Request& request, const Found& found) {
    const auto& who = request.who();
    if (found.live && found.live->caller().profile == who.profile && found.live->caller().cwd == who.cwd) return {};
    return sandbox::check_entry(who.profile, who.cwd, found.record);
}

} // namespace

Result<Found> find_run(const transport::Request& request, sandbox::Runs& runs, identity::Permission permission) {
    const auto& id = request.params.at("id");
    Found found{TRY(runs.show(id, request.who().person(), any(request, permission))), runs.live(id)};
    if (permission == identity::Permission::runs_control) CHECK(check_confinement(request, found));
    return found;
}

Result<std::shared_ptr<sandbox::Run>> find_live(const transport::Request& request, sandbox::Runs& runs) {
    auto found = TRY(find_run(request, runs, identity::Permission::runs_control));
    if (!found.live) return fail(Code::run_ended, "the run has ended", "`owhalectl runs show` says how");
    return std::move(found.live);
}

} // namespace owhale::verbs
