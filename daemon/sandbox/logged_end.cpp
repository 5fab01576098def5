#include "sandbox/logged_end.hpp"

#include <boost/json/object.hpp>

#include "sandbox/state.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

using boost::json::object;

std::optional<std::string> text_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

const object* object_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
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
    const auto parsed = codec::parse(event, "event");
    const auto* whole = parsed ? parsed->if_object() : nullptr;
    if (whole == nullptr) return false;
    const auto state = state_of(text_of(*whole, "outcome").value_or(""));
    if (!state || !ended(*state)) return false;
    run.state = name(*state);
    run.ended = text_of(*whole, "time");
    const auto* data = object_of(*whole, "data");
    if (data == nullptr) return true;
    const auto* exit_code = data->if_contains("exit_code");
    if (exit_code != nullptr && exit_code->is_int64())
        run.exit_code = static_cast<std::int32_t>(exit_code->get_int64());
    run.code = text_of(*data, "code");
    run.error = text_of(*data, "error");
    run.step = text_of(*data, "step");
    if (const auto* receipt = object_of(*data, "receipt")) take_receipt(run, *receipt);
    return true;
}

} // namespace owhale::sandbox
