// A request's body on its way to the host, beside the answer that is on its way back.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "egress/http/pieces.hpp"
#include "egress/http/session.hpp"
#include "egress/http/sink.hpp"
#include "sandbox/wake.hpp"

namespace owhale::egress::http {

class Upload : public std::enable_shared_from_this<Upload> {
public:
    // `head` is sent in front of it.
    Upload(boost::asio::any_io_executor executor, std::shared_ptr<Session> session, std::shared_ptr<Stream> to,
           Permit permit, Target target, Framing framing, std::string head);

    void start();
    bool running() const { return running_; }
    bool whole() const { return !running_ && whole_; } // all of it was sent
    // What is wrong with what the client sent; none.
    const Status& fault() const { return fault_; }
    // Until it has ended; closes nothing.
    boost::asio::awaitable<void> wait();

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Status> pump();
    void look_for_placeholders(std::string_view content);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<Session> session_;
    Permit permit_;
    Target target_;
    Pieces pieces_;
    std::shared_ptr<Stream> to_;
    Sink sink_;
    sandbox::Wake ended_;
    std::string tail_;              // of the content, for a placeholder that is cut in two
    std::vector<std::string> told_; // names of secrets
    Status fault_;
    bool running_ = true, whole_ = false;
};

} // namespace owhale::egress::http
