// Making answers, and reading what requests say besides their body.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "shared/codec.hpp"
#include "transport/exchange.hpp"

namespace owhale::verbs {

template <typename T> transport::Response reply(const T& message, unsigned status = 200) {
    transport::Response response;
    response.status = status;
    response.body = codec::to_text(message);
    return response;
}

// A query parameter as a whole number up to `most`; `fallback` when it is not there.
Result<std::uint64_t> number_of(const transport::Request& request, const std::string& name, std::uint64_t fallback,
                                std::uint64_t most);
std::string text_of(const transport::Request& request, const std::string& name);
// Refuses query parameters that the verb does not know.
Status only(const transport::Request& request, std::initializer_list<std::string_view> known);
// `Prefer: wait=N` (RFC 7240) in seconds, at most an hour; empty when it is not asked for.
std::optional<std::chrono::seconds> preferred_wait(const transport::Request& request);
// May the caller see everybody's, with the verb's permission?
bool any(const transport::Request& request, identity::Permission permission);

} // namespace owhale::verbs
