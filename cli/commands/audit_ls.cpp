// owhalectl audit ls: the events of the audit log, newest first, or as they come.
#include <memory>

#include "cli/audit_filters.hpp"
#include "cli/audit_follow.hpp"
#include "cli/audit_output.hpp"
#include "cli/audit_pages.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    AuditFilters filters;
    std::string limit;
    bool follow = false, all = false, reverse = false;
};

constexpr std::uint64_t kListed = 50, kListedBeforeNew = 10;
using Order = AuditPages::Order;

Result<std::optional<std::uint64_t>> most_of(const Arguments& arguments, std::uint64_t otherwise) {
    if (arguments.all && !arguments.limit.empty())
        return fail(Code::bad_request, "--all and --limit exclude each other", "give one of them");
    if (arguments.all) return std::nullopt;
    if (arguments.limit.empty()) return otherwise;
    return TRY(parse_count(arguments.limit, "--limit", 1, std::uint64_t{1} << 53));
}

// What there is, in pages as they come.
Status print_pages(AuditPages& pages, AuditOutput& output) {
    for (;;) {
        auto page = TRY(pages.next());
        if (!page) return {};
        CHECK(output.page(std::move(page->list), page->body));
    }
}

Result<int> list(Context& context, const Arguments& arguments) {
    const auto most = TRY(most_of(arguments, kListed));
    auto query = TRY(query_of(context, arguments.filters));
    AuditPages pages(context, std::move(query), arguments.reverse ? Order::oldest_first : Order::newest_first, most);
    AuditOutput output(context);
    CHECK(print_pages(pages, output));
    CHECK(output.end(pages.rest()));
    if (context.globals().quiet) return kOk;
    if (pages.rest())
        note(std::string("there are ") + (arguments.reverse ? "newer" : "older") +
             " ones: --limit N or --all shows more");
    return kOk;
}

// The newest ones of those up to `last`, the oldest of them first.
Status print_newest(Context& context, const AuditPages::Query& query, std::uint64_t last, std::uint64_t most,
                    AuditOutput& output) {
    AuditPages pages(context, query, Order::newest_first, most);
    pages.from(last + 1);
    std::vector<AuditPage> all;
    for (auto page = TRY(pages.next()); page; page = TRY(pages.next())) all.push_back(*std::move(page));
    for (auto page = all.rbegin(); page != all.rend(); ++page)
        CHECK(output.page(std::move(page->list), page->body, true));
    return {};
}

// What there is, oldest first, then what comes. The place where the one ends and the other begins is asked for first.
Result<int> follow(Context& context, const Arguments& arguments) {
    if (!arguments.filters.until.empty())
        return fail(Code::bad_request, "--follow goes on for ever: --until ends nothing", "leave one of them out");
    if (context.look().format == Format::json)
        return fail(Code::bad_request, "--follow never ends, and JSON would", "-o jsonl writes one event a line");
    const bool whole = arguments.limit.empty() && (arguments.all || !arguments.filters.since.empty());
    const auto most = TRY(most_of(arguments, kListedBeforeNew));
    const auto query = TRY(query_of(context, arguments.filters));
    AuditOutput output(context);
    const auto last = TRY(last_event(context));
    if (!whole && last > 0) CHECK(print_newest(context, query, last, *most, output));
    CHECK(follow_audit(context, query, whole ? 0 : last, output));
    return kOk;
}

} // namespace

void declare_audit_ls(Command audit) {
    auto command = audit.sub("ls", "List audit events, newest first");
    auto arguments = std::make_shared<Arguments>();
    auto& filters = arguments->filters;
    declare_times(command, filters);
    command.option("--principal", filters.principal, "WHO",
                   "only theirs: unix:1000, user:alice, or as the column has it");
    command.option("--event", filters.event, "EVENT", "only such: run.denied, 'secret*'; several by comma");
    command.option("--verb", filters.verb, "VERB", "only of this verb, or event: runs.create, 'runs.*'");
    command.option("--outcome", filters.outcome, "OUTCOME", "only with this outcome: exited, failed, 'den*', …");
    command.option("--run", filters.run, "ID", "only this run's", Kind::run_id);
    command.options("--grep", filters.grep, "TEXT", "only those that contain this text, in any case of letters");
    command.option("--limit", arguments->limit, "N", "at most so many (50; 10 before those that -f waits for)");
    command.flag("-a,--all", arguments->all, "all of them");
    command.flag("-r,--reverse", arguments->reverse, "oldest first");
    command.flag("-f,--follow", arguments->follow, "oldest first, and go on with new ones");
    command.handler([arguments](Context& context) {
        return arguments->follow ? follow(context, *arguments) : list(context, *arguments);
    });
}

} // namespace owhale::cli
