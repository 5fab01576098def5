// owhalectl doctor: what the cage needs, as owhaled sees it and as it looks from here: there or not, what is lost
// without it, how to get it. Works without a daemon too, as far as one can see from here.
#include <memory>

#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/drawing.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/local_checks.hpp"
#include "cli/mending.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

Tone tone_of(const api::Check& check) {
    if (check.state == "ok") return Tone::good;
    return check.state == "weaker" ? Tone::warn : Tone::bad;
}

// Behind a word of ours, and on a terminal that is too narrow for it in more lines than one.
std::string told(const Look& look, const Line& label, const std::string& text) {
    const auto used = columns_of(label);
    if (look.columns == 0 || used + width(escaped(text)) <= look.columns)
        return painted(look.colour, label) + escaped(text) + "\n";
    std::string out;
    for (const auto& line : labelled(label, used, text, look.columns)) out += painted(look.colour, line) + "\n";
    return out;
}

std::string lines(const Look& look, const std::string& title, const std::vector<api::Check>& checks) {
    std::string out = toned(look, Tone::bold, title) + "\n";
    for (const auto& check : checks) {
        auto state = escaped(check.state);
        state.resize(std::max<std::size_t>(state.size(), 7), ' ');
        out += told(look, {{Tone::plain, "  "}, {tone_of(check), state}, {Tone::plain, "  "}},
                    check.name + (check.detail.empty() ? "" : ": " + check.detail));
        if (check.state == "ok") continue;
        if (!check.lost.empty()) out += told(look, {{Tone::plain, "           lost: "}}, check.lost);
        if (!check.fix.empty()) out += told(look, {{Tone::plain, "           get it: "}}, check.fix);
    }
    return out;
}

bool lacks(const std::vector<api::Check>& checks) {
    for (const auto& check : checks)
        if (check.state == "missing") return true;
    return false;
}

// The server's answer and ours in one document.
Status print_json(Context& context, const api::Doctor& doctor) {
    return print(json_text(context.look(), write(doctor), "checks"));
}

// The same for both: what they found, then what mends it instead.
Status print_mendings(Context& context, std::vector<api::Check> checks, const std::vector<api::Check>& local) {
    checks.insert(checks.end(), local.begin(), local.end());
    const auto found = mendings(checks, read_userns_limits(), options_for(TRY(context.where())));
    if (context.look().format == Format::table) return print(script(found));
    boost::json::array list;
    for (const auto& [check, advice, commands] : found)
        list.push_back({{"check", check}, {"advice", advice}, {"commands", boost::json::value_from(commands)}});
    return print(
        json_text(context.look(), boost::json::serialize(boost::json::object{{"mendings", list}}), "mendings"));
}

Result<int> doctor(Context& context, bool fix) {
    const auto body = context.ask({.verb = "doctor"});
    const auto where = TRY(context.where());
    auto local = local_checks(where, body ? nullptr : &body.error());
    api::Doctor all;
    if (body) all = TRY(read_doctor(*body));
    const bool lacking = lacks(all.checks) || lacks(local);
    if (fix) {
        CHECK(print_mendings(context, all.checks, local));
    } else if (context.look().format != Format::table) {
        if (!body) all.summary = body.error().message;
        all.checks.insert(all.checks.end(), local.begin(), local.end());
        CHECK(print_json(context, all));
    } else {
        std::string text;
        const auto& look = context.look();
        if (body) text = told(look, {}, all.summary) + "\n" + lines(look, "As owhaled sees it", all.checks) + "\n";
        CHECK(print(text + lines(context.look(), "From here", local)));
    }
    if (!body) return std::unexpected(body.error());
    return lacking ? kFailed : kOk;
}

} // namespace

void declare_doctor(Command root) {
    auto command =
        root.sub("doctor", "Check what the cage needs: what is there, what is lost without it, how to get it");
    auto fix = std::make_shared<bool>(false);
    command.flag("--fix", *fix, "print the commands that mend what was found, for you to run; none is run");
    command.handler([fix](Context& context) { return doctor(context, *fix); });
}

} // namespace owhale::cli
