#include "cli/audit_principal.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "cli/audit_pages.hpp"
#include "cli/audit_words.hpp"
#include "cli/device_names.hpp"
#include "cli/ids.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kRun = "run:", kShownDevice = "device ", kCut = "…";

using Names = std::multimap<std::string, std::string>; // of devices: the id's, as each was called

bool is_of_ids(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef-") == text.npos;
}

// Shorter ones are names as well.
bool is_id_part(std::string_view text) {
    return text.size() >= 6 && is_of_ids(text);
}

// What a narrow table has cut off is taken for a beginning.
bool is_called(std::string_view name, std::string_view shown) {
    return shown.ends_with(kCut) ? name.starts_with(shown.substr(0, shown.size() - kCut.size())) : name == shown;
}

void add_paired(Context& context, Names& out) {
    const auto body = context.ask({.verb = "devices.list", .query = {{"all", "1"}}, .silent = true});
    const auto own = body ? body : context.ask({.verb = "devices.list", .silent = true});
    const auto list = own ? read_devices(*own) : std::unexpected(own.error());
    if (!list) return; // what the log tells may do
    for (const auto& one : list->devices) out.emplace(one.id, one.name);
}

// The log knows the removed ones, too, and what each was called before. `shown` "": all of them.
Status add_logged(Context& context, std::string_view shown, Names& out) {
    const auto text = shown.substr(0, shown.size() - (shown.ends_with(kCut) ? kCut.size() : 0));
    AuditPages::Query query{{"event", "device.*"}};
    if (!text.empty()) query.emplace_back("grep", text);
    AuditPages pages(context, std::move(query), AuditPages::Order::newest_first, std::nullopt);
    for (auto page = TRY(pages.next()); page; page = TRY(pages.next()))
        for (const auto& entry : page->list.events)
            for (const auto key : {"name", "before"}) {
                const auto *id = audit_data(entry, "device"), *name = audit_data(entry, key);
                if (id != nullptr && id->is_string() && name != nullptr && name->is_string())
                    out.emplace(std::string(id->as_string()), std::string(name->as_string()));
            }
    return {};
}

// By its id those that are called so.
std::map<std::string, std::string> called_so(const Names& names, std::string_view shown) {
    std::map<std::string, std::string> out;
    for (const auto& [id, name] : names)
        if (is_called(name, shown)) out.emplace(id, name);
    return out;
}

std::string shown(const std::string& id, const std::string& name) {
    return called(std::string(kDevicePrincipal) + id, name);
}

Result<std::string> device_called(Context& context, std::string_view name) {
    Names names;
    add_paired(context, names);
    CHECK(add_logged(context, name, names));
    const auto found = called_so(names, name);
    if (found.size() == 1) return std::string(kDevicePrincipal) + found.begin()->first;
    if (found.empty())
        return fail(Code::not_found, "no device is called '" + std::string(name) + "', and none was (--principal)",
                    "owhalectl devices ls lists those that are paired");
    std::string all;
    for (const auto& [id, called] : found) (all += all.empty() ? "'" : "', '") += shown(id, called);
    return fail(Code::bad_request, "more than one device is or was called '" + std::string(name) + "' (--principal)",
                "name one of them: --principal " + all + "'");
}

std::set<std::string> ids_with(const Names& names, const std::string& part) {
    std::set<std::string> out;
    for (const auto& [id, name] : names)
        if (id.starts_with(part) || id.ends_with(part)) out.insert(id);
    return out;
}

// One that is paired, and may have done nothing yet, when no other's id is or was like it; else owhaled looks for it among those
// that the log has events of, and says so when there are several.
Result<std::string> device_by_id(Context& context, const std::string& part) {
    const auto principal = [](const std::string& id) { return std::string(kDevicePrincipal) + id; };
    Names names;
    if (is_whole_id(part)) return principal(part);
    add_paired(context, names);
    const auto paired = ids_with(names, part);
    if (paired.size() != 1) return principal(part);
    CHECK(add_logged(context, "", names));
    return principal(ids_with(names, part).size() == 1 ? *paired.begin() : part);
}

// The id in "laptop (device 7bd210d2)"; "" when it is another text.
std::string id_shown_in(std::string_view text) {
    constexpr std::string_view kBefore = " (device ", kAfter = ")";
    const auto at = text.rfind(kBefore);
    if (at == text.npos || !text.ends_with(kAfter)) return {};
    const auto id = text.substr(at + kBefore.size(), text.size() - kAfter.size() - at - kBefore.size());
    return is_id_part(id) ? std::string(id) : std::string();
}

// What the log has itself. "(many)": of events that were too many to be told one by one; "tcp ": who never showed who it is.
bool stands_so(std::string_view text) {
    const auto rest_of = [text](std::string_view kind) {
        const auto rest = text.starts_with(kind) ? text.substr(kind.size()) : std::string_view();
        return rest.find_first_of(" ,*") == rest.npos ? rest : std::string_view();
    };
    const auto uid = rest_of("unix:");
    if (!uid.empty()) return uid.find_first_not_of("0123456789") == uid.npos;
    return text.empty() || text == "system" || text == "(many)" || !rest_of("user:").empty() ||
           !rest_of("tcp ").empty();
}

bool is_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// As a shell takes it.
std::string with_kind(const std::string& text) {
    if (is_address(text)) return "'tcp " + text + "'";
    const bool uid = text.find_first_not_of("0123456789") == text.npos;
    return (uid ? "unix:" : "user:") + text;
}

std::unexpected<Error> no_principal(Context& context, const std::string& text) {
    constexpr auto kForms =
        "It is one of unix:UID, user:NAME, device:ID, run:ID, 'tcp ADDRESS' and system, or what the column "
        "PRINCIPAL has";
    std::string meant;
    if (text == "run:*") {
        meant = "all runs together are no principal: name one, or leave --principal out. ";
    } else if (text.find_first_of(": ,*") == text.npos) {
        Names names;
        add_paired(context, names);
        for (const auto& [id, name] : called_so(names, text))
            (meant += meant.empty() ? "'" : ", '") += shown(id, name) + "'";
        if (meant.empty()) meant = with_kind(text);
        meant = "did you mean " + meant + "? ";
    } else if (is_address(text)) {
        meant = "did you mean " + with_kind(text) + "? ";
    }
    return fail(Code::bad_request, "'" + text + "' is no principal (--principal)", meant + kForms);
}

} // namespace

Result<std::string> principal_of(Context& context, const std::string& text) {
    if (stands_so(text)) return text;
    if (const auto id = id_shown_in(text); !id.empty()) return device_by_id(context, id);
    if (is_device(text)) {
        const auto id = text.substr(kDevicePrincipal.size());
        if (is_of_ids(id)) return device_by_id(context, id);
    } else if (text.starts_with(kShownDevice) && text.size() > kShownDevice.size()) {
        const auto rest = text.substr(kShownDevice.size());
        return is_id_part(rest) ? device_by_id(context, rest) : device_called(context, rest);
    } else if (text.starts_with(kRun) && is_id_part(std::string_view(text).substr(kRun.size()))) {
        return std::string(kRun) + TRY(logged_run(context, text.substr(kRun.size())));
    }
    return no_principal(context, text);
}

Result<std::string> logged_run(Context& context, const std::string& named) {
    const auto own = context.run_id(named);
    if (own || own.error().code != Code::not_found) return own;
    const auto of_all = context.run_id(named, Context::Runs::all);
    return of_all || of_all.error().code != Code::forbidden ? of_all : own;
}

} // namespace owhale::cli
