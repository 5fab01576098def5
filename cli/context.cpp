#include "cli/context.hpp"

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kLeastPrefix = 6;
constexpr std::size_t kIdLength = 36;
constexpr auto kList = "owhalectl runs ls lists the ids";

bool is_id_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

} // namespace

bool is_whole_id(std::string_view text) {
    if (text.size() != kIdLength) return false;
    for (const char c : text)
        if (!is_id_character(c)) return false;
    return true;
}

Result<std::string> unique_prefix(const std::string& prefix, const std::vector<std::string>& ids) {
    std::string found;
    for (const auto& id : ids) {
        if (!id.starts_with(prefix)) continue;
        if (!found.empty())
            return fail(Code::bad_request, "more than one run's id begins with '" + prefix + "'",
                        "write more of it; " + std::string(kList));
        found = id;
    }
    if (found.empty()) return fail(Code::not_found, "no run's id begins with '" + prefix + "'", kList);
    return found;
}

Client& Context::client() {
    if (!client_) client_ = std::make_unique<Client>(candidates(globals_.socket));
    return *client_;
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
    auto reply = client().send(std::move(call));
    if (!reply) return std::unexpected(std::move(reply).error());
    return std::move(reply->body);
}

Result<std::string> Context::run_id(const std::string& named) {
    if (is_whole_id(named)) return named;
    for (const char c : named)
        if (!is_id_character(c)) return fail(Code::bad_request, "'" + named + "' is no run's id", kList);
    if (named.size() < kLeastPrefix)
        return fail(Code::bad_request, "'" + named + "' is too short for a run's id: give at least 6 characters",
                    kList);
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
