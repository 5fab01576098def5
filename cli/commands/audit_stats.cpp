// owhalectl audit stats: how many events of what kind, whose, how they ended, and when.
#include <array>
#include <memory>

#include "cli/audit_chart.hpp"
#include "cli/audit_filters.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    AuditFilters filters;
    std::string by;
};

struct Table {
    std::string_view name;
    CountedBy by;
    std::string_view list; // of the answer
};
constexpr std::array kTables = {
    Table{"type", CountedBy::type, "by_event"}, Table{"principal", CountedBy::principal, "by_principal"},
    Table{"outcome", CountedBy::outcome, "by_outcome"}, Table{"hour", CountedBy::hour, "by_hour"}};

const Table* table_called(std::string_view name) {
    for (const auto& table : kTables)
        if (table.name == name) return &table;
    return nullptr;
}

Result<int> stats(Context& context, const Arguments& arguments) {
    const auto* table = table_called(arguments.by);
    Call call{.verb = "audit.stats"};
    call.query = TRY(query_of(context, arguments.filters));
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, table == nullptr ? "by_event" : table->list))) return kOk;
    const auto stats = TRY(read_audit_stats(body));
    const auto& look = context.look();
    CHECK(print(table == nullptr ? count_overview(look, stats) : count_table(look, stats, table->by)));
    if (stats.complete || context.globals().quiet) return kOk;
    note("the index of the log is being made again: what is not in it yet was not counted");
    return kOk;
}

} // namespace

void declare_audit_stats(Command audit) {
    auto command = audit.sub("stats", "Count events: how many of what kind, whose, and when");
    auto arguments = std::make_shared<Arguments>();
    auto& filters = arguments->filters;
    declare_times(command, filters);
    command.option("--by", arguments->by, "WHAT", "one table, whole: type, principal, outcome or hour", Kind::choice,
                   {"type", "principal", "outcome", "hour"});
    command.option("--principal", filters.principal, "WHO", "only theirs: unix:1000, user:alice, 'laptop (device …)'");
    command.option("--event", filters.event, "EVENT", "only such: run.denied, 'secret*'");
    command.option("--outcome", filters.outcome, "OUTCOME", "only with this outcome: denied, 'ex*'");
    command.handler([arguments](Context& context) { return stats(context, *arguments); });
}

} // namespace owhale::cli
