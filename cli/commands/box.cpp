// owhalectl box: what runs in one workspace share: /tmp, /dev/shm and the private home.
#include <ctime>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"
#include "shared/host_text.hpp"

namespace owhale::cli {
namespace {

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "boxes.list"}));
    if (TRY(context.printed_json(body, "boxes"))) return kOk;
    const auto boxes = TRY(read_boxes(body)).boxes;
    Table table({"ID", "RUNS", "USED", "WORKSPACE"}, 3);
    std::string ids;
    for (const auto& box : boxes) {
        ids += box.id + "\n";
        table.row({{box.id},
                   {std::to_string(box.runs.size())},
                   {format_age(box.last_used, std::time(nullptr)), Tone::dim},
                   {box.workspace}});
    }
    CHECK(print(context.globals().quiet ? ids : table.text(context.look())));
    return kOk;
}

Result<int> show(Context& context, const std::string& id) {
    const auto body = TRY(context.ask({.verb = "boxes.show", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto box = TRY(read_box(body));
    Fields fields;
    fields.add("Box", box.id, Tone::bold);
    fields.add("Workspace", box.workspace);
    fields.add("Created", in_seconds(box.created));
    fields.add("Last used", in_seconds(box.last_used));
    for (const auto& run : box.runs) fields.add("Live run", run);
    CHECK(print(fields.text(context.look())));
    return kOk;
}

Result<int> reset(Context& context, const std::string& id) {
    TRY(context.ask({.verb = "boxes.reset", .id = id}));
    CHECK(print(id + "\n"));
    return kOk;
}

struct PublishArguments {
    std::string box, port, run;
};

Result<int> publish(Context& context, const PublishArguments& arguments) {
    api::PublishRequest request;
    request.port = TRY(parse_publish(arguments.port));
    if (!arguments.run.empty()) request.run = arguments.run;
    const auto body = TRY(context.ask({.verb = "boxes.publish", .id = arguments.box, .body = write(request)}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto port = TRY(read_publish(body));
    const auto address = port.address.value_or("127.0.0.1");
    const bool v6 = address.find(':') != std::string::npos;
    CHECK(print((v6 ? "[" + address + "]" : address) + ":" + std::to_string(port.host) + "\n"));
    return kOk;
}

void declare_publish(Command parent) {
    auto command = parent.sub("publish", "Publish a port of the box's newest run on this machine's loopback");
    auto arguments = std::make_shared<PublishArguments>();
    command.positional("ID", arguments->box, "the box", Kind::box_id);
    command.positional("[ADDRESS:]HOST:PORT", arguments->port, "a port of this machine (0: any), and the run's");
    command.option("--run", arguments->run, "ID", "another live run of the box", Kind::run_id);
    command.handler([arguments](Context& context) { return publish(context, *arguments); });
}

void declare_one(Command parent, const std::string& name, const std::string& help,
                 Result<int> (*act)(Context&, const std::string&)) {
    auto command = parent.sub(name, help);
    auto id = std::make_shared<std::string>();
    command.positional("ID", *id, "the box", Kind::box_id);
    command.handler([id, act](Context& context) { return act(context, *id); });
}

} // namespace

void declare_box(Command root) {
    auto box = root.sub("box", "What the runs in one workspace share: /tmp and a private home");
    box.sub("ls", "List your boxes").handler(list);
    declare_one(box, "show", "Show a box", show);
    declare_publish(box);
    declare_one(box, "reset", "Empty a box that no live run uses", reset);
}

} // namespace owhale::cli
