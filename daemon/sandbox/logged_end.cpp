#include "sandbox/logged_end.hpp"

#include <boost/json/object.hpp>

#include "audit/event_json.hpp"
#include "sandbox/state.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

using boost::json::object;

std::optional<std::string> given(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

// An older or newer owhaled may have written it: what cannot be read is left out.
void take_receipt(api::Run& run, const object& from) {
    auto receipt = codec::decode<api::Receipt>(from);
    if (!receipt) return;
    if (!receipt->started.empty()) run.started = receipt->started;
    if (!receipt->ended.empty()) run.ended = receipt->ended;
    run.signal = receipt->signal;
    run.limit = receipt->limit;
    run.network = receipt->network;
    run.receipt = std::move(*receipt);
}

} // namespace

bool take_logged_end(api::Run& run, std::string_view event) {
    const auto whole = audit::event_object(event);
    const auto state = state_of(std::string(audit::text_in(whole, "outcome")));
    if (!state || !ended(*state)) return false;
    run.state = name(*state);
    run.ended = given(audit::text_in(whole, "time"));
    const auto data = audit::object_in(whole, "data");
    if (data.empty()) return true;
    const auto* exit_code = data.if_contains("exit_code");
    if (exit_code != nullptr && exit_code->is_int64())
        run.exit_code = static_cast<std::int32_t>(exit_code->get_int64());
    run.code = given(audit::text_in(data, "code"));
    run.error = given(audit::text_in(data, "error"));
    run.step = given(audit::text_in(data, "step"));
    if (const auto receipt = audit::object_in(data, "receipt"); !receipt.empty()) take_receipt(run, receipt);
    return true;
}

} // namespace owhale::sandbox
