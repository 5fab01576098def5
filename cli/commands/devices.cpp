// owhalectl devices: what is paired, and how that ends.
#include <algorithm>
#include <ctime>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/approval_view.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/pair.hpp"
#include "cli/each.hpp"
#include "cli/exit_codes.hpp"
#include "cli/ids.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl devices ls lists the ids";
constexpr std::size_t kWide = 100; // columns that all of the table needs

bool has_ended(const api::Device& device) {
    const auto end = parse_time(device.expires);
    return end >= 0 && end <= static_cast<std::int64_t>(std::time(nullptr));
}

// From where it was seen is left out where 80 columns would not hold it.
std::string table_of(const Look& look, const std::vector<api::Device>& devices, const std::string& own) {
    const bool others = std::ranges::any_of(devices, [&](const auto& one) { return one.principal != own; });
    const bool wide = look.verbose || look.columns == 0 || look.columns >= kWide;
    std::vector<std::string> headings = {"ID"};
    if (others) headings.emplace_back("OF");
    headings.insert(headings.end(), {"NAME", "MAY", "ENDS", "SEEN"});
    if (wide) headings.emplace_back("FROM");
    Table table(headings, others ? 2 : 1);
    for (const auto& device : devices) {
        const bool ended = has_ended(device);
        std::vector<Cell> cells = {{look.verbose ? device.id : short_id(device.id)}};
        if (others) cells.push_back({device.principal});
        cells.insert(cells.end(),
                     {{device.name},
                      {ended || device.now.empty() ? "nothing" : joined(device.now),
                       !ended && device.now == device.can ? Tone::plain : Tone::warn},
                      {ended ? "ended" : when_in_short(device.expires)},
                      {device.last_seen ? format_age(*device.last_seen, std::time(nullptr)) : "-", Tone::dim}});
        if (wide) cells.push_back({device.last_peer.value_or("-")});
        table.row(std::move(cells));
    }
    return table.text(look);
}

Result<int> list(Context& context, const Whose& whose) {
    Call call{.verb = "devices.list"};
    ask_for(whose, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "devices"))) return kOk;
    const auto devices = TRY(read_devices(body)).devices;
    if (context.globals().quiet) {
        std::string ids;
        for (const auto& device : devices) ids += device.id + "\n";
        CHECK(print(ids));
        return kOk;
    }
    CHECK(print(table_of(context.look(), devices, own_principal(context))));
    return kOk;
}

Result<std::string> id_of(Context& context, const std::string& named) {
    if (auto whole = TRY(whole_or_part(named, "device", kList)); !whole.empty()) return whole;
    const auto body = TRY(context.ask({.verb = "devices.list"}));
    std::vector<std::string> ids;
    for (const auto& device : TRY(read_devices(body)).devices) ids.push_back(device.id);
    return meant_id(named, ids, "device", kList);
}

// Why it may do nothing, as far as it can be seen.
std::string powers_now(const api::Device& device) {
    if (has_ended(device)) return "nothing: it has ended";
    return device.now.empty() ? "nothing: its owner lacks the right" : joined(device.now);
}

Status show_one(Context& context, const api::Device& device) {
    Fields fields;
    fields.add("Device", device.id, Tone::bold);
    fields.add("Name", device.name);
    fields.add("Of", device.principal);
    fields.add("Given", joined(device.can));
    fields.add("May now", powers_now(device));
    fields.add("Words", device.words);
    fields.add("Key", device.key);
    fields.add("Paired", when(device.created));
    fields.add("Ends", when(device.expires));
    fields.add("Last seen", device.last_seen ? when(device.last_seen) : "never");
    fields.add("From", device.last_peer.value_or(""));
    return print(fields.text(context.look()));
}

Result<int> show(Context& context, const std::string& named) {
    const auto id = TRY(id_of(context, named));
    const auto body = TRY(context.ask({.verb = "devices.show", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    CHECK(show_one(context, TRY(read_device(body))));
    return kOk;
}

Result<int> change(Context& context, const std::string& named, const api::DeviceChange& change,
                   const std::string& act) {
    const auto id = TRY(id_of(context, named));
    const auto body = TRY(context.ask({.verb = "devices.change", .id = id, .body = write(change), .act = act}));
    if (TRY(context.printed_json(body))) return kOk;
    CHECK(show_one(context, TRY(read_device(body))));
    return kOk;
}

Status remove(Context& context, const std::string& named) {
    const auto id = TRY(id_of(context, named));
    TRY(context.ask({.verb = "devices.remove", .id = id}));
    return print(id + "\n");
}

struct Change {
    std::string id, name;
    std::vector<std::string> can;
    bool password_stdin = false;
};

void declare_rename(Command devices) {
    auto command = devices.sub("rename", "Give a device another name");
    auto arguments = std::make_shared<Change>();
    command.positional("ID", arguments->id, "the device");
    command.positional("NAME", arguments->name, "its name from now on");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) -> Result<int> {
        CHECK(prove_from_stdin(context, arguments->password_stdin));
        return change(context, arguments->id, {arguments->name, {}}, "rename a device");
    });
}

void declare_cut(Command devices) {
    auto command = devices.sub("cut", "Take powers away from a device; they cannot be given back");
    auto arguments = std::make_shared<Change>();
    command.positional("ID", arguments->id, "the device");
    command.options("--can", arguments->can, "POWER,…", "those that it keeps");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) -> Result<int> {
        const auto can = TRY(powers_of(arguments->can));
        CHECK(prove_from_stdin(context, arguments->password_stdin));
        return change(context, arguments->id, {{}, can}, "cut a device's powers");
    });
}

} // namespace

void declare_devices(Command root) {
    auto devices = root.sub("devices", "Your paired devices");
    auto listed = devices.sub("ls", "List your devices, oldest first");
    auto whose = std::make_shared<Whose>();
    declare(listed, *whose, "devices");
    listed.handler([whose](Context& context) { return list(context, *whose); });
    auto shown = devices.sub("show", "Show a device");
    auto id = std::make_shared<std::string>();
    shown.positional("ID", *id, "the device");
    shown.handler([id](Context& context) { return show(context, *id); });
    declare_rename(devices);
    declare_cut(devices);
    auto removed = devices.sub("rm", "Believe devices no more, and end their connections at once");
    auto named = std::make_shared<std::vector<std::string>>();
    removed.positionals("ID", *named, "the devices");
    removed.handler([named](Context& context) {
        return for_each_named(*named, [&](const std::string& one) { return remove(context, one); });
    });
}

} // namespace owhale::cli
