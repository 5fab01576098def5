// owhalectl policy reload: owhaled reads its rules again; on an error the old ones stay.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

Result<int> reload(Context& context) {
    const auto body = TRY(context.ask({.verb = "policy.reload"}));
    if (TRY(context.printed_json(body))) return kOk;
    Fields fields;
    boost::system::error_code error;
    const auto value = boost::json::parse(body, error);
    if (const auto* object = error ? nullptr : value.if_object())
        for (const auto& [key, member] : *object)
            fields.add(std::string(key),
                       member.is_string() ? std::string(member.get_string()) : boost::json::serialize(member));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

} // namespace

void declare_policy_reload(Command policy) {
    policy.sub("reload", "Let owhaled read its rules again; when they are wrong the old ones stay").handler(reload);
}

} // namespace owhale::cli
