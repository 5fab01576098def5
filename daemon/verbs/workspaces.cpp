// Registered workspaces: folders in which runs of a user id may write; in strict mode there are no others.
#include "sandbox/workspace_register.hpp"

#include "identity/service.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/runs.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

constexpr auto kNoUid = static_cast<uid_t>(-1);

bool is_seen(const Request& request, const api::Workspace& entry) {
    const auto uid = request.who().uid;
    return (uid != kNoUid && entry.uid == uid) || any(request, Permission::boxes);
}

// A folder belongs to a user id, which the kernel tells of a Unix connection alone; and whoever is in a cage does not widen it.
Status check_asker(const Request& request) {
    const auto& who = request.who();
    if (who.kind == identity::Kind::run)
        return fail(Code::forbidden, "a run changes no workspaces", "whoever started it can");
    if (who.uid == kNoUid)
        return fail(Code::forbidden, "a workspace is a folder of a user of this machine, and over TCP nobody is one",
                    "ask on the Unix socket of that machine");
    return {};
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    api::WorkspaceList out;
    for (auto& entry : services.workspaces->entries())
        if (is_seen(request, entry)) out.workspaces.push_back(std::move(entry));
    return reply(out);
}

awaitable<Result<Response>> add(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    CO_CHECK(check_asker(request));
    auto asked = codec::decode<api::WorkspaceRequest>(request.body);
    if (!asked) co_return std::unexpected(asked.error());
    const auto standing = standing_of(request, services.identity, Permission::boxes);
    auto caller = caller_of(request, services.runs);
    auto user = asked->run_as.value_or("");
    const auto place = co_await services.runs.workspace_at(std::move(caller), std::move(asked->path), std::move(user));
    if (!place) co_return std::unexpected(place.error());
    CO_CHECK(standing()); // the look took its time
    auto event = event_of(request, "workspace.added", "workspaces.add", "");
    auto path = place->path;
    const auto entry = co_await services.workspaces->add(std::move(path), place->uid, std::move(event));
    if (!entry) co_return std::unexpected(entry.error());
    co_return reply(*entry, 201);
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto id = request.params.at("id");
    const auto known = services.workspaces->entry(id);
    if (!known || !is_seen(request, *known)) co_return std::unexpected(sandbox::unknown_workspace());
    if (const auto& fence = request.who().cwd; !fence.empty() && !sandbox::is_within(known->path, fence))
        co_return fail(Code::forbidden, "this token is bound to " + fence, "take it away without the token");
    if (request.who().kind == identity::Kind::run) co_return std::unexpected(check_asker(request).error());
    auto event = event_of(request, "workspace.removed", "workspaces.remove", "");
    CO_CHECK(co_await services.workspaces->remove(std::move(id), std::move(event)));
    co_return nothing();
}

} // namespace

std::vector<transport::Route> workspace_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {{"workspaces.list", now(list), {}},
            {"workspaces.add", later(add), {}},
            {"workspaces.remove", later(remove), {}}};
}

} // namespace owhale::verbs
