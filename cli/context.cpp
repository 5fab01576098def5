#include "cli/context.hpp"

#include <algorithm>

#include "cli/messages.hpp"
#include "cli/step_up.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl runs ls lists the ids";

// Where to look for the things of this verb.
std::string lists_of(std::string_view verb) {
    const std::string noun(verb.substr(0, verb.find('.')));
    for (const auto* known : {"users", "sessions", "tokens", "profiles", "runs", "approvals", "grants", "workspaces"})
        if (noun == known) return "owhalectl " + noun + " ls lists what there is";
    if (noun == "boxes") return "owhalectl box ls lists what there is";
    if (noun == "access") return "owhalectl setup --show lists what there is";
    return {};
}

} // namespace

Result<Where> Context::where() const {
    return where_is(globals_.socket, globals_.host, globals_.fingerprint);
}

const Look& Context::look() {
    if (!look_) {
        const auto format = globals_.output == "json"    ? Format::json
                            : globals_.output == "jsonl" ? Format::jsonl
                                                         : Format::table;
        look_ = cli::look(format, globals_.no_color, globals_.quiet, globals_.verbose);
    }
    return *look_;
}

Result<std::string> Context::ask(Call call) {
    return TRY(send(std::move(call))).body;
}

Result<Reply> Context::send(Call call) {
    if (!client_) {
        auto target = TRY(where());
        client_ = std::make_unique<Client>(std::move(target));
    }
    const auto verb = call.verb;
    auto reply = send_with_proof(*client_, std::move(call), password_, keeps_password_ ? &password_ : nullptr);
    if (!reply && reply.error().code == Code::not_found && reply.error().next.empty())
        reply.error().next = lists_of(verb);
    return reply;
}

Result<std::string> Context::run_id(const std::string& named, Runs whose) {
    if (auto whole = TRY(whole_or_part(named, "run", kList)); !whole.empty()) return whole;
    std::vector<std::string> ids;
    const auto begins = [&](const std::string& id) { return id.starts_with(named); };
    Call call{.verb = "runs.list", .query = {{"limit", "500"}}};
    if (whose == Runs::all) call.query.emplace_back("all", "1");
    const auto query = call.query;
    for (;;) {
        const auto body = TRY(ask(call));
        const auto list = TRY(read_runs(body));
        for (const auto& run : list.runs) ids.push_back(run.id);
        // Newest first, and ids grow with time: beyond this page none can begin so. Any may end so.
        const bool passed = !list.runs.empty() && list.runs.back().id < named;
        if (!list.next || (passed && std::ranges::any_of(ids, begins))) return meant_id(named, ids, "run", kList);
        call.query = query;
        call.query.emplace_back("before", *list.next);
    }
}

Result<bool> Context::printed_json(const std::string& body, std::string_view list) {
    if (look().format == Format::table) return false;
    CHECK(print(json_text(look(), body, list)));
    return true;
}

} // namespace owhale::cli
