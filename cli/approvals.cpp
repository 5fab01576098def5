#include "cli/approvals.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <ctime>
#include <pwd.h>
#include <unistd.h>

#include "cli/approval_source.hpp"
#include "cli/escape.hpp"
#include "cli/messages.hpp"
#include "cli/prompt.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl approvals ls -a lists the ids";
constexpr std::size_t kMostTemplate = 64u << 10;
constexpr std::size_t kWide = 120;    // columns that all of the table needs
constexpr std::size_t kNarrowBy = 16; // of who asks, in less

std::string user_of(std::uint32_t uid) {
    const passwd* account = ::getpwuid(uid);
    return account != nullptr ? account->pw_name : "";
}

Result<std::vector<std::string>> words_of_json(const std::string& text) {
    const auto wrong = [] {
        return fail(Code::bad_request, "--like: this is no JSON array of texts", R"(["git","push","<word>"])");
    };
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    if (error || !value.is_array()) return wrong();
    std::vector<std::string> words;
    for (const auto& word : value.get_array()) {
        if (!word.is_string()) return wrong();
        words.emplace_back(word.get_string().c_str(), word.get_string().size());
    }
    return words;
}

// What a person decides by, in 80 columns; the rest is in approvals show.
std::string narrow_table(const Look& look, const std::vector<api::Approval>& approvals, std::int64_t now) {
    Table table({"ID", "STATE", "SEVERITY", "WHEN", "BY", "COMMAND"}, 5);
    for (const auto& approval : approvals) {
        const bool pending = approval.state == "pending";
        table.row({{short_id(approval.id)},
                   {approval.throttled && pending ? "throttled" : approval.state, tone_of_approval(approval.state)},
                   {approval.severity, tone_of_severity(approval.severity)},
                   {pending ? "ends " + relative(approval.expires, now) : relative(approval.created, now), Tone::dim},
                   {clipped(escaped(approval.principal), kNarrowBy)},
                   {command_line(approval)}});
    }
    return table.text(look);
}

} // namespace

Result<std::string> approval_id(Context& context, const std::string& named) {
    if (auto whole = TRY(whole_or_part(named, "request", kList)); !whole.empty()) return whole;
    std::vector<std::string> ids;
    Call call{.verb = "approvals.list", .query = {{"all", "1"}, {"limit", "500"}}};
    for (;;) {
        const auto body = TRY(context.ask(call));
        const auto list = TRY(read_approvals(body));
        for (const auto& approval : list.approvals) ids.push_back(approval.id);
        if (!list.next) return meant_id(named, ids, "request", kList);
        call.query = {{"all", "1"}, {"limit", "500"}, {"before", *list.next}};
    }
}

Result<Shown> show_approval(Context& context, const std::string& id) {
    auto body = TRY(context.ask({.verb = "approvals.show", .id = id}));
    auto approval = TRY(read_approval(body));
    return Shown{std::move(approval), std::move(body)};
}

std::string throttled_words(const api::ApprovalList& list) {
    const auto count = std::ranges::count_if(list.approvals, &api::Approval::throttled);
    if (count == 0) return {};
    return (list.next ? "at least " : "") + std::to_string(count) + " more throttled (approvals ls -a)";
}

std::string approvals_table(const Look& look, const std::vector<api::Approval>& approvals, std::int64_t now) {
    if (!look.verbose && look.columns > 0 && look.columns < kWide) return narrow_table(look, approvals, now);
    const auto most = look.columns > 0 && !look.verbose ? look.columns / 6 : std::string::npos; // of who asks
    Table table({"ID", "STATE", "SEVERITY", "ASKED", "EXPIRES", "BY", "RULE", "COMMAND"}, 7);
    for (const auto& approval : approvals) {
        const bool pending = approval.state == "pending";
        table.row(
            {{look.verbose ? approval.id : short_id(approval.id)},
             {approval.state + (approval.throttled && pending ? " (throttled)" : ""), tone_of_approval(approval.state)},
             {approval.severity, tone_of_severity(approval.severity)},
             {relative(approval.created, now), Tone::dim},
             {pending ? relative(approval.expires, now) : "-", Tone::dim},
             {clipped(escaped(approval.principal), most)},
             {approval.verdict.rule},
             {command_line(approval)}});
    }
    return table.text(look);
}

ViewOptions view_options(const api::Approval& approval, std::size_t columns, bool details) {
    return {.columns = columns, .now = std::time(nullptr), .user = user_of(runs_as(approval)), .details = details};
}

Result<bool> page(const Look& look, const std::vector<Line>& lines, const std::string& end) {
    const auto size = look.terminal && can_ask() ? window_size() : std::nullopt;
    const std::size_t rows = size && size->rows > 2 ? size->rows - 1u : lines.size() + 1;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0 && i % rows == 0) {
            const auto answer = TRY(ask_line("-- " + std::to_string(i) + " of " + std::to_string(lines.size()) +
                                             " lines; Enter shows more, q ends --"));
            if (!answer || *answer == "q") return false;
        }
        CHECK(print(painted(look.colour, lines[i]) + "\n"));
    }
    if (lines.size() > rows && !end.empty()) say("-- " + std::to_string(lines.size()) + " lines; " + end + " --\n");
    return true;
}

Result<std::vector<std::string>> template_words(const std::string& text) {
    if (text.size() > kMostTemplate) return fail(Code::bad_request, "--like: the template is over 64 KiB");
    if (text.starts_with('[')) return words_of_json(text);
    std::vector<std::string> words;
    bool open = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n') {
            open = false;
            continue;
        }
        if (!open) words.emplace_back();
        open = true;
        if (c != '\'' && c != '"') {
            words.back() += c;
            continue;
        }
        const auto end = text.find(c, i + 1);
        if (end == std::string::npos)
            return fail(Code::bad_request, "--like: a quote is not closed", "put a word with blanks into '…'");
        words.back() += text.substr(i + 1, end - i - 1);
        i = end;
    }
    if (words.empty()) return fail(Code::bad_request, "--like: the template is empty", "--like 'git push <word>'");
    return words;
}

} // namespace owhale::cli
