// owhalectl pair: codes that were made, and the devices that joined by them.
#include "cli/commands/pair.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/approval_view.hpp"
#include "cli/commands/commands.hpp"
#include "cli/device_names.hpp"
#include "cli/each.hpp"
#include "cli/exit_codes.hpp"
#include "cli/ids.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "shared/pairing/terms.hpp"
#include "shared/pairing/words.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl pair ls lists the ids";
constexpr std::size_t kWide = 100; // columns that all of a table needs

// Dead is also the code of somebody who may pair nothing any more.
bool was_tried_too_often(const api::Pairing& pairing) {
    return pairing.state == "dead" && pairing.wrong >= pairing::kTries;
}

// What `joined` no longer tells: nobody would hold the key.
bool is_gone(const api::Pairing& pairing) {
    return pairing.gone.value_or(false);
}

std::string state_of(const api::Pairing& pairing) {
    if (was_tried_too_often(pairing)) return "too many tries";
    return is_gone(pairing) ? "gone again" : pairing.state;
}

Tone tone_of(const std::string& state) {
    if (state == "joined") return Tone::warn;
    if (state == "dead") return Tone::bad;
    return state == "paired" ? Tone::good : state == "open" ? Tone::plain : Tone::dim;
}

Result<std::vector<api::Pairing>> all(Context& context) {
    const auto body = TRY(context.ask({.verb = "pair.list"}));
    return TRY(read_pairings(body)).pairings;
}

bool has_ended(const api::Pairing& pairing) {
    return pairing.state != "open" && pairing.state != "joined" && pairing.state != "paired";
}

// What --can gave is left out where 80 columns are for what a person compares.
std::string table_of(const Look& look, const std::vector<api::Pairing>& pairings, const std::string& own) {
    const bool others = std::ranges::any_of(pairings, [&](const auto& one) { return one.principal != own; });
    const bool wide = look.verbose || look.columns == 0 || look.columns >= kWide;
    std::vector<std::string> headings = {"ID"};
    if (others) headings.emplace_back("OF");
    headings.emplace_back("NAME");
    if (wide) headings.emplace_back("CAN");
    headings.insert(headings.end(), {"STATE", "ENDS", "DEVICE", "WORDS"});
    Table table(headings, headings.size() - 2); // what a device calls itself may be long
    for (const auto& one : pairings) {
        std::vector<Cell> cells = {{look.verbose ? one.id : short_id(one.id)}};
        if (others) cells.push_back({one.principal});
        cells.push_back({one.name});
        if (wide) cells.push_back({joined(one.can)});
        cells.insert(cells.end(), {{state_of(one), is_gone(one) ? Tone::bad : tone_of(one.state)},
                                   {has_ended(one) ? "ended" : when_in_short(one.expires)},
                                   {one.device_name.value_or("-")},
                                   {one.words.value_or("-")}});
        table.row(std::move(cells));
    }
    return table.text(look);
}

Result<int> list(Context& context, bool everybodys) {
    Call call{.verb = "pair.list"};
    if (everybodys) call.query.emplace_back("all", "1");
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "pairings"))) return kOk;
    const auto pairings = TRY(read_pairings(body)).pairings;
    if (context.globals().quiet) {
        std::string ids;
        for (const auto& one : pairings) ids += one.id + "\n";
        CHECK(print(ids));
        return kOk;
    }
    CHECK(print(table_of(context.look(), pairings, own_principal(context))));
    return kOk;
}

Status cancel(Context& context, const std::string& named) {
    auto id = TRY(whole_or_part(named, "pairing", kList));
    if (id.empty()) id = TRY(find_pairing(context, named)).id;
    TRY(context.ask({.verb = "pair.cancel", .id = id}));
    return print(id + "\n");
}

// What joined, by its own word, for whoever confirms it. The code of a page is whoever's certificate the browser took: it can
// hand the pairing code on, and whoever gets it can call themselves anything.
struct Joiner {
    std::string_view via, what, beware;
};
constexpr std::array kJoiners = {
    Joiner{"program", "a program that compares the certificate itself, as owhalectl does",
           "if the code was typed into a browser, say no: then what joined is not that browser"},
    Joiner{"browser", "a browser, which says that it believes the certificate of this owhaled",
           "if it warned of the certificate, say no: then its page may be somebody else's, and the key, too"},
    Joiner{"browser-untrusted", "a browser that does not believe the certificate of this owhaled",
           "WARNING: somebody in between could have made the page that the code was typed into, and hold the key that "
           "this pairs. Say no, unless this is a try in a network of your own. With a certificate that the browser "
           "believes there is no such doubt: man owhaled-page"},
};

const Joiner& joiner_of(const api::Pairing& pairing) {
    const auto found = std::ranges::find(kJoiners, pairing.via.value_or(""), &Joiner::via);
    return found == kJoiners.end() ? kJoiners.back() : *found;
}

// A device is to be elsewhere than the agents: on owhaled's own machine it is as safe as its user's files.
std::string beware_of_here(const api::Pairing& pairing, const std::vector<std::string>& can) {
    if (!pairing.uid) return {};
    const auto& powers = can.empty() ? pairing.can : can;
    const bool approves = std::ranges::find(powers, "approve") != powers.end();
    return "It joined from owhaled's own machine, as uid " + std::to_string(*pairing.uid) +
           ": programs of that user can read its key, and " + (approves ? "approve with it" : "use it");
}

Status show_joiner(Context& context, const api::Pairing& pairing, const std::vector<std::string>& can) {
    Fields fields;
    fields.add("Device", pairing.name, Tone::bold);
    const auto& joiner = joiner_of(pairing);
    fields.add("Calls itself", pairing.device_name.value_or(""));
    fields.add("Joined by", std::string(joiner.what), joiner.via == "program" ? Tone::plain : Tone::warn);
    fields.add("Came from", pairing.at.value_or(""));
    fields.add("Words", pairing.words.value_or(""), Tone::bold);
    fields.add("May", joined(can.empty() ? pairing.can : can));
    if (pairing.replaces)
        fields.add("Replaces",
                   called("device:" + *pairing.replaces, pairing.replaces_name) +
                       ", whose key it has shown: that one is removed",
                   Tone::warn);
    return print(fields.text(context.look()));
}

void declare_confirm(Command pair) {
    auto command = pair.sub("confirm", "Pair the device that joined by a code, once its words were compared");
    struct Arguments {
        std::string id, words;
        std::vector<std::string> can;
        bool password_stdin = false;
    };
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->id, "the pairing");
    command.options("--can", arguments->can, "POWER,…", "fewer powers than the code was made with");
    command.option("--words", arguments->words, "WORDS", "what the device shows: then nothing is asked");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) -> Result<int> {
        const auto can = TRY(powers_of(arguments->can));
        CHECK(prove_from_stdin(context, arguments->password_stdin));
        const auto pairing = TRY(find_pairing(context, arguments->id));
        return confirm_pairing(context, pairing, can, arguments->words);
    });
}

} // namespace

std::string own_principal(Context& context) {
    if (const auto* token = context.client().token()) return token->principal;
    if (const auto* device = context.client().device()) return device->principal;
    return {};
}

Result<std::vector<std::string>> powers_of(const std::vector<std::string>& words) {
    auto powers = split(words);
    for (const auto& power : powers) {
        if (std::ranges::find(pairing::kPowers, power, &pairing::PowerName::name) == pairing::kPowers.end())
            return fail(Code::invalid_value, "--can: there is no power \"" + power + "\"",
                        "there are: " + pairing::all_powers());
        if (std::ranges::count(powers, power) > 1)
            return fail(Code::invalid_value, "--can: " + power + " stands twice", "name each power once");
    }
    return powers;
}

Result<api::Pairing> find_pairing(Context& context, const std::string& named) {
    auto id = TRY(whole_or_part(named, "pairing", kList));
    const auto pairings = TRY(all(context));
    std::vector<std::string> ids;
    for (const auto& one : pairings) ids.push_back(one.id);
    if (id.empty()) id = TRY(meant_id(named, ids, "pairing", kList));
    for (const auto& one : pairings)
        if (one.id == id) return one;
    return fail(Code::not_found, "there is no such pairing", kList);
}

Result<int> confirm_pairing(Context& context, const api::Pairing& pairing, const std::vector<std::string>& can,
                            const std::string& words) {
    if (was_tried_too_often(pairing))
        return fail(Code::pairing_failed, "five wrong tries: this code has ended", "owhalectl pair new makes another");
    if (pairing.state == "expired")
        return fail(Code::pairing_failed, "the code has expired: no device waits to be confirmed",
                    "owhalectl pair new makes another");
    if (pairing.state != "joined" || !pairing.words)
        return fail(Code::conflict, "it is " + pairing.state + ": no device waits to be confirmed",
                    pairing.state == "open" ? "type the code into the device first" : "owhalectl pair new");
    if (is_gone(pairing))
        return fail(Code::conflict,
                    "the device that joined, " + pairing.device_name.value_or("") +
                        ", is not there any more: what waited there has ended",
                    pairing::gone_next(pairing.id));
    const auto& joiner = joiner_of(pairing);
    if (words.empty()) CHECK(show_joiner(context, pairing, can));
    if (words.empty() || joiner.via == "browser-untrusted") note(joiner.beware);
    if (const auto here = beware_of_here(pairing, can); !here.empty()) note(here);
    if (words.empty()) {
        if (!can_ask())
            return fail(Code::bad_request, "somebody has to compare the words with those that the device shows",
                        "owhalectl pair confirm " + pairing.id + " --words WORDS, as the device shows them");
        if (!TRY(ask_yes("Does the device show the same words? Type yes to pair it: "))) {
            TRY(context.ask({.verb = "pair.cancel", .id = pairing.id}));
            return fail(Code::pairing_failed, "the device was turned away", "another code: owhalectl pair new");
        }
    }
    api::ConfirmRequest request{words.empty() ? *pairing.words : pairing::read_words(words), {}};
    if (!can.empty()) request.can = can;
    const auto body = TRY(context.ask(
        {.verb = "pair.confirm", .id = pairing.id, .body = write(request), .act = "pair the device " + pairing.name}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto device = TRY(read_device(body));
    CHECK(print(context.globals().quiet ? device.id + "\n"
                                        : device.name + " is paired: it may " + joined(device.can) + " until " +
                                              when(device.expires) + "\n"));
    if (!context.globals().quiet) note("owhalectl devices rm " + device.id + " ends that at once");
    return kOk;
}

void declare_pair(Command root) {
    auto pair = root.sub("pair", "Pair a phone or a second machine, which can then approve");
    declare_pair_new(pair);
    auto listed = pair.sub("ls", "List your codes of the last minutes, and who joined by them");
    auto everybodys = std::make_shared<bool>(false);
    listed.flag("-a,--all", *everybodys, "everyone's, for those who may see them");
    listed.handler([everybodys](Context& context) { return list(context, *everybodys); });
    declare_confirm(pair);
    auto ended = pair.sub("cancel", "End codes, or turn away the devices that joined by them");
    auto ids = std::make_shared<std::vector<std::string>>();
    ended.positionals("ID", *ids, "the pairings");
    ended.handler([ids](Context& context) {
        return for_each_named(*ids, [&](const std::string& id) { return cancel(context, id); });
    });
    declare_pair_join(pair);
    declare_pair_ca(pair);
}

} // namespace owhale::cli
