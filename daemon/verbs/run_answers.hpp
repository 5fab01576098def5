// What a client hears of a run that it made: the run, that it waits for approval, or why it did not run.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "sandbox/run.hpp"
#include "transport/exchange.hpp"
#include "verbs/routes.hpp"

namespace owhale::verbs {

// Until the run is over, the time is up, or the client has gone.
boost::asio::awaitable<void> wait_for_end(std::shared_ptr<sandbox::Run> run,
                                          std::shared_ptr<transport::Connection> connection,
                                          std::optional<std::chrono::seconds> most);
// 201 and the run; 200 when it was waited for and has ended; 202 while it waits for approval; a problem with verdict, run and
// approval when it was not let run. `wait` is bounded by the request's Prefer: wait=N.
boost::asio::awaitable<Result<transport::Response>> answer_made(const Services& services, transport::Request& request,
                                                                sandbox::Made made, bool wait);

} // namespace owhale::verbs
