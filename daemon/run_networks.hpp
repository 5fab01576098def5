// The scoped networks of runs, put together: egress with the sockets that the spawner makes for it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "audit/log.hpp"
#include "config/settings.hpp"
#include "egress/egress.hpp"
#include "sandbox/spawner_channel.hpp"
#include "store/database.hpp"

namespace owhale {

// All of them outlive it. `asking` may be null: an unknown host is refused.
std::unique_ptr<egress::Egress> make_egress(boost::asio::any_io_executor executor, const config::Settings& settings,
                                            sandbox::SpawnerChannel& spawner, const wire::Ready& ready,
                                            audit::Log& audit, egress::Asking* asking, store::Database& database);

} // namespace owhale
