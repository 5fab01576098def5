// owhalectl runs ls: the caller's runs, newest first.
#include <ctime>
#include <map>
#include <memory>
#include <set>

#include "cli/approval_view.hpp"
#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string limit = "50", state;
    bool all = false;
};

std::string command_line(const api::Run& run) {
    std::string line;
    for (const auto& word : run.command) line += (line.empty() ? "" : " ") + quoted(word);
    return line;
}

std::string took(const api::Run& run, std::int64_t now) {
    if (!run.started) return "-";
    const auto from = parse_time(*run.started);
    const auto until = run.ended ? parse_time(*run.ended) : now;
    return format_duration_us(static_cast<std::uint64_t>(until > from ? until - from : 0) * 1'000'000);
}

// Newest first, each run's own runs below it.
std::vector<std::pair<const api::Run*, bool>> as_tree(const std::vector<api::Run>& runs) {
    std::map<std::string, std::vector<const api::Run*>> below;
    std::set<std::string> here;
    for (const auto& run : runs) here.insert(run.id);
    for (const auto& run : runs)
        if (run.parent && here.contains(*run.parent)) below[*run.parent].push_back(&run);
    std::vector<std::pair<const api::Run*, bool>> out;
    for (const auto& run : runs) {
        if (run.parent && here.contains(*run.parent)) continue;
        out.emplace_back(&run, false);
        for (const auto* child : below[run.id]) out.emplace_back(child, true);
    }
    return out;
}

std::string table_of(Context& context, const api::RunList& list) {
    const bool verbose = context.globals().verbose;
    std::vector<std::string> headings = {"ID", "STATE", "EXIT", "AGE"};
    if (verbose) headings.insert(headings.end(), {"TOOK", "PRINCIPAL", "PROFILE", "NET"});
    headings.emplace_back("COMMAND");
    Table table(headings, headings.size() - 1);
    const auto now = std::time(nullptr);
    for (const auto& [shown, is_below] : as_tree(list.runs)) {
        const auto& run = *shown;
        const auto exit = run.exit_code ? std::to_string(*run.exit_code) : "-";
        const auto tone = run.exit_code.value_or(0) == 0 ? tone_of_state(run.state) : Tone::bad;
        std::vector<Cell> cells = {{(is_below ? "  " : "") + (verbose ? run.id : short_id(run.id))},
                                   {run.state, tone},
                                   {exit, tone},
                                   {format_age(run.created, now), Tone::dim}};
        if (verbose) cells.insert(cells.end(), {{took(run, now)}, {run.principal}, {run.profile}, {run.net}});
        cells.push_back({command_line(run)});
        table.row(std::move(cells));
    }
    return table.text(context.look());
}

std::string ids_of(const api::RunList& list) {
    std::string out;
    for (const auto& run : list.runs) out += run.id + "\n";
    return out;
}

Result<int> list(Context& context, const Arguments& arguments) {
    Call call{.verb = "runs.list"};
    const auto limit = TRY(parse_count(arguments.limit, "--limit", 1, 500));
    call.query = {{"limit", std::to_string(limit)}};
    if (arguments.all) call.query.emplace_back("all", "1");
    if (!arguments.state.empty()) call.query.emplace_back("state", arguments.state);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "runs"))) return kOk;
    const auto list = TRY(read_runs(body));
    if (context.globals().quiet) {
        CHECK(print(ids_of(list)));
        return kOk;
    }
    CHECK(print(table_of(context, list)));
    if (list.next) note("there are older ones: --limit N shows more");
    return kOk;
}

} // namespace

void declare_runs_ls(Command runs) {
    auto command = runs.sub("ls", "List your runs, newest first");
    auto arguments = std::make_shared<Arguments>();
    command.flag("-a,--all", arguments->all, "everyone's runs, for those who may see them");
    command.option("--limit", arguments->limit, "N", "at most so many (50; 500 is the most)");
    command.option("--state", arguments->state, "STATE", "only those in this state: running, exited, failed, …");
    command.handler([arguments](Context& context) { return list(context, *arguments); });
}

} // namespace owhale::cli
