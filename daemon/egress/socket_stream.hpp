// A connected socket as a Stream: TCP or AF_UNIX.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>

#include "base/fd.hpp"
#include "egress/open_streams.hpp"
#include "egress/stream.hpp"

namespace owhale::egress {

// Non-blocking from here on. `among`: where it is cut when the run ends; null: nowhere. internal when the executor cannot
// watch it.
Result<std::unique_ptr<Stream>> stream_over(boost::asio::any_io_executor executor, Fd socket,
                                            std::shared_ptr<OpenStreams> among);
// `first` was read already and comes out again before the rest.
std::unique_ptr<Stream> with_first(std::string first, std::unique_ptr<Stream> rest);

} // namespace owhale::egress
