// One message of a client and its answer: the methods of the protocol.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mcp/calls.hpp"
#include "mcp/revision.hpp"
#include "mcp/rpc.hpp"
#include "transport/exchange.hpp"
#include "transport/inside.hpp"

namespace owhale::mcp {

struct House { // what all messages share
    transport::AskInside ask;
    std::string version;
    std::shared_ptr<Calls> calls;
};

struct Answer {
    json::object body;
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
};

struct Exchange {
    House house;
    std::shared_ptr<transport::Request> request; // the POST that the message came by
    const Revision* revision;
    boost::asio::any_io_executor executor{}; // where calls work

    // Of a request, but tools/call.
    Answer answer(const Message& message) const;
    // A notification, or a response to nothing that we asked: cancelling alone means something.
    void take(const Message& message) const;

    std::string session() const; // Mcp-Session-Id, "" none
    // A result with what the revision wants of every result.
    json::object complete(json::object result) const;
    bool accepts_stream() const;
};

// tools/call: JSON when it is quick or has nothing to say meanwhile, else a stream of events whose last is the answer. The
// client's going, or notifications/cancelled, gives it up.
boost::asio::awaitable<Result<transport::Streamed>> answer_call(Exchange exchange, Message message);
// The call that a message asks for, begun; or the answer that there is none.
std::expected<std::shared_ptr<Call>, Answer> begin_call(const Exchange& exchange, const Message& message);
json::object answer_of(const Exchange& exchange, const Call& call);

// While this lives, the going of the connection gives the calls up too.
class Watch {
public:
    Watch(std::shared_ptr<transport::Connection> connection, std::vector<std::shared_ptr<Call>> calls);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

private:
    std::shared_ptr<transport::Connection> connection_;
    std::vector<std::function<void()>> before_;
};

transport::Streamed plain(const json::value& body, unsigned status = 200,
                          std::vector<std::pair<std::string, std::string>> headers = {});
transport::Streamed accepted(); // 202, no body

} // namespace owhale::mcp
