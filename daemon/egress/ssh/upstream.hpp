// The requester's own agent, of which one connection is given to a run: one request at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "egress/ssh/channel.hpp"
#include "egress/ssh/requests.hpp"
#include "identity/turn.hpp"

namespace owhale::egress::ssh {

class Upstream {
public:
    // `allowed`: fingerprints; none: all of its keys.
    Upstream(boost::asio::any_io_executor io, std::unique_ptr<Stream> agent, std::vector<std::string> allowed);
    // Its keys that the run may use. unreachable: the agent has gone, or did not answer in 30 s; there is no way back.
    boost::asio::awaitable<Result<std::vector<Identity>>> identities();
    // Whether the run may use this key (by its whole blob): asks the agent for its keys when they are not known yet.
    boost::asio::awaitable<Result<bool>> has(std::string blob);
    // The answer to a request to sign, as it came: SIGN_RESPONSE, or FAILURE.
    boost::asio::awaitable<Result<std::string>> sign(std::string request);
    void close();

private:
    boost::asio::awaitable<Result<std::string>> exchange(std::string request);
    bool may_use(const PublicKey& key) const;

    identity::Turn turn_;
    std::shared_ptr<Channel> channel_;
    std::vector<std::string> allowed_;
    std::vector<std::string> known_; // blobs of the last list
    bool gone_ = false;
};

} // namespace owhale::egress::ssh
