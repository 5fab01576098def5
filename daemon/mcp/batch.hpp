// Several messages in one body, as revisions before 2025-06-18 have them: all at once, answered as one array.
#pragma once

#include <memory>

#include "mcp/exchange.hpp"

namespace owhale::mcp {

boost::asio::awaitable<Result<transport::Streamed>>
answer_batch(House house, std::shared_ptr<transport::Request> request, json::value messages);

} // namespace owhale::mcp
