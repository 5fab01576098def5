#include "cli/context.hpp"

#include "cli/messages.hpp"
#include "cli/step_up.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kLeastPrefix = 6;
constexpr std::size_t kIdLength = 36;
constexpr auto kList = "owhalectl runs ls lists the ids";

bool is_id_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

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

bool is_whole_id(std::string_view text) {
    if (text.size() != kIdLength) return false;
    for (const char c : text)
        if (!is_id_character(c)) return false;
    return true;
}

Result<std::string> whole_or_prefix(const std::string& named, const std::string& noun, const std::string& list) {
    if (is_whole_id(named)) return named;
    for (const char c : named)
        if (!is_id_character(c)) return fail(Code::bad_request, "'" + named + "' is no " + noun + "'s id", list);
    if (named.size() < kLeastPrefix)
        return fail(Code::bad_request,
                    "'" + named + "' is too short for a " + noun + "'s id: give at least 6 characters", list);
    return std::string();
}

Result<std::string> unique_prefix(const std::string& prefix, const std::vector<std::string>& ids,
                                  const std::string& noun, const std::string& list) {
    std::string found;
    for (const auto& id : ids) {
        if (!id.starts_with(prefix)) continue;
        if (!found.empty())
            return fail(Code::bad_request, "more than one " + noun + "'s id begins with '" + prefix + "'",
                        "write more of it; " + list);
        found = id;
    }
    if (found.empty()) return fail(Code::not_found, "no " + noun + "'s id begins with '" + prefix + "'", list);
    return found;
}

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

Result<std::string> Context::run_id(const std::string& named) {
    if (auto whole = TRY(whole_or_prefix(named, "run", kList)); !whole.empty()) return whole;
    std::vector<std::string> ids;
    Call call{.verb = "runs.list", .query = {{"limit", "500"}}};
    for (;;) {
        const auto body = TRY(ask(call));
        const auto list = TRY(read_runs(body));
        for (const auto& run : list.runs) ids.push_back(run.id);
        // Newest first, and ids grow with time: beyond this page none can begin so.
        const bool passed = !list.runs.empty() && list.runs.back().id < named;
        if (passed || !list.next) return unique_prefix(named, ids);
        call.query = {{"limit", "500"}, {"before", *list.next}};
    }
}

Result<bool> Context::printed_json(const std::string& body, std::string_view list) {
    if (look().format == Format::table) return false;
    CHECK(print(json_text(look(), body, list)));
    return true;
}

} // namespace owhale::cli
