// owhalectl approvals stats: how often people are asked, and what would spare them.
#include <map>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/drawing.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string since = "7d", principal;
    bool hours = false;
};

constexpr std::uint64_t kHour = 3'600'000; // ms

// The counts of each principal together, in the order in which they came.
std::vector<api::PromptCount> summed(const std::vector<api::PromptCount>& counts) {
    std::vector<api::PromptCount> out;
    std::map<std::string, std::size_t> place;
    for (const auto& count : counts) {
        const auto [found, is_new] = place.emplace(count.principal, out.size());
        if (is_new) {
            out.push_back(count);
            continue;
        }
        auto& sum = out[found->second];
        for (const auto member : {&api::PromptCount::asked, &api::PromptCount::approved, &api::PromptCount::denied,
                                  &api::PromptCount::expired, &api::PromptCount::joined, &api::PromptCount::throttled,
                                  &api::PromptCount::granted})
            sum.*member += count.*member;
    }
    return out;
}

std::string counts_table(const Look& look, const std::vector<api::PromptCount>& counts, bool hours) {
    Table table({hours ? "HOUR" : "SINCE", "PRINCIPAL", "ASKED", "APPROVED", "DENIED", "EXPIRED", "JOINED", "THROTTLED",
                 "SPARED"},
                1);
    for (const auto& count : counts) {
        const auto cell = [](std::uint64_t number) { return Cell{std::to_string(number)}; };
        table.row({{in_seconds(count.hour)},
                   {count.principal},
                   cell(count.asked),
                   cell(count.approved),
                   cell(count.denied),
                   cell(count.expired),
                   cell(count.joined),
                   {std::to_string(count.throttled), count.throttled > 0 ? Tone::bad : Tone::plain},
                   {std::to_string(count.granted), count.granted > 0 ? Tone::good : Tone::plain}});
    }
    return table.text(look);
}

std::string in_list(const Look& look, const std::string& example) {
    const auto line = in_one_line(example);
    return look.columns > 8 ? clipped(line, look.columns - 6) : line;
}

std::string suggestions_text(const Look& look, const std::vector<api::Suggestion>& suggestions) {
    std::string out;
    for (const auto& one : suggestions) {
        const auto spares = std::to_string(one.spares) + (one.spares == 1 ? " question of " : " questions of ");
        const auto what =
            one.kind == "grant" ? "approve --like \"" + one.text + "\"" : "a rule: owhalectl policy suggest";
        out += "  " + toned(look, Tone::bold, spares + one.rule) + ": " + toned(look, Tone::plain, what) + "\n";
        for (const auto& example : one.examples)
            out += "      " + painted(look.colour, {{Tone::dim, in_list(look, example)}}) + "\n";
    }
    return out.empty() ? "" : "\nWhat would have spared questions:\n" + out;
}

Result<int> stats(Context& context, const Arguments& arguments) {
    const auto ms = TRY(parse_duration_ms(arguments.since, "--since"));
    Call call{.verb = "approvals.stats",
              .query = {{"hours", std::to_string(std::max<std::uint64_t>((ms + kHour - 1) / kHour, 1))}}};
    if (!arguments.principal.empty()) call.query.emplace_back("principal", arguments.principal);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "counts"))) return kOk;
    const auto stats = TRY(read_stats(body));
    const auto& look = context.look();
    auto out = counts_table(look, arguments.hours ? stats.counts : summed(stats.counts), arguments.hours);
    if (stats.median_answer_ms > 0)
        out += "\nHalf of the answers came within " + format_duration_us(stats.median_answer_ms * 1000) + ".\n";
    CHECK(print(out + suggestions_text(look, stats.suggestions)));
    return kOk;
}

} // namespace

void declare_approvals_stats(Command approvals) {
    auto command = approvals.sub("stats", "How often who was asked for, and what would have spared it");
    auto arguments = std::make_shared<Arguments>();
    command.option("--since", arguments->since, "TIME", "so far back: 24h, 7d (7d; 90d is the most)");
    command.option("--principal", arguments->principal, "P", "of one alone, such as unix:1000");
    command.flag("--hours", arguments->hours, "hour by hour");
    command.handler([arguments](Context& context) { return stats(context, *arguments); });
}

} // namespace owhale::cli
