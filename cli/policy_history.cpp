#include "cli/policy_history.hpp"

#include "cli/messages.hpp"
#include "cli/policy_stream.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostFile = 64 << 20, kPage = 1'000;

std::string text_in(const boost::json::object& data, std::string_view key) {
    const auto* value = data.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// None where the event tells no command, or only its beginning: a verdict on that would be on something else.
std::optional<PastCommand> command_of(const boost::json::value& event) {
    const auto* object = event.if_object();
    const auto* data = object == nullptr ? nullptr : object->if_contains("data");
    if (data == nullptr || !data->is_object()) return std::nullopt;
    const auto* words = data->get_object().if_contains("command");
    if (words == nullptr || !words->is_array() || words->get_array().empty()) return std::nullopt;
    PastCommand out;
    for (const auto& word : words->get_array()) {
        if (!word.is_string() || std::string_view(word.get_string()).ends_with("…")) return std::nullopt;
        out.request.argv.emplace_back(word.get_string());
    }
    out.cwd = text_in(data->get_object(), "cwd");
    out.workspace = text_in(data->get_object(), "workspace");
    if (auto net = text_in(data->get_object(), "net"); !net.empty()) out.request.net = std::move(net);
    return out;
}

Status add_events(Context& context, const char* event, std::size_t most, std::vector<PastCommand>& to) {
    std::string before;
    while (most > 0) {
        Call call{.verb = "audit.list", .query = {{"event", event}, {"limit", std::to_string(std::min(most, kPage))}}};
        if (!before.empty()) call.query.emplace_back("before", before);
        const auto body = TRY(context.ask(std::move(call)));
        const auto page = TRY(read_audit(body));
        for (const auto& entry : page.events)
            if (auto command = command_of(entry.event)) to.push_back(std::move(*command));
        most -= std::min(most, page.events.size());
        if (!page.next) return {};
        before = std::to_string(*page.next);
    }
    return {};
}

} // namespace

Result<std::vector<PastCommand>> audited_commands(Context& context, std::size_t most) {
    std::vector<PastCommand> out;
    for (const auto* event : {"run.intent", "run.denied"}) CHECK(add_events(context, event, most, out));
    return out;
}

Result<std::vector<PastCommand>> commands_in(const std::string& file) {
    const auto text = TRY(read_text(file, kMostFile, "the commands"));
    std::vector<PastCommand> out;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto line = std::string_view(text).substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (!line.starts_with('{')) {
            out.emplace_back().request.script = std::string(line);
            continue;
        }
        auto asked = read_asked(line);
        if (!asked.problem.empty())
            return fail(Code::invalid_value, file + ":" + std::to_string(number) + ": " + asked.problem,
                        "a command, or {\"command\": …, \"cwd\": …}, on each line");
        out.push_back({std::move(asked.request), std::move(asked.cwd), {}});
    }
    return out;
}

} // namespace owhale::cli
