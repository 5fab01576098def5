// owhalectl metrics: owhaled's counts and times, as the text that a monitoring system reads.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

Result<int> metrics(Context& context, bool open_metrics) {
    if (context.globals().output != "table")
        return fail(Code::bad_request, "metrics are text, and no JSON",
                    "leave out -o; `owhalectl status -o json` has a few numbers as JSON");
    Call call{.verb = "metrics"};
    call.headers.emplace_back("Accept", open_metrics ? "application/openmetrics-text; version=1.0.0" : "text/plain");
    const auto text = TRY(context.ask(std::move(call)));
    CHECK(print(context.look().terminal ? escaped_lines(text) : text));
    return kOk;
}

} // namespace

void declare_metrics(Command root) {
    auto command = root.sub("metrics", "Print owhaled's counts and times, for a monitoring system");
    auto open = std::make_shared<bool>(false);
    command.flag("--openmetrics", *open, "in the OpenMetrics format rather than Prometheus' own");
    command.handler([open](Context& context) { return metrics(context, *open); });
}

} // namespace owhale::cli
