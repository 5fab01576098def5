// May a run reach this host? A question of kind "host" on the desk: asked while the connection waits, answered once for the
// life of the run. On the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "approvals/desk.hpp"
#include "egress/asking.hpp"

namespace owhale::approvals {

class HostQuestions final : public egress::Asking {
public:
    struct Parts { // all of it outlives this
        boost::asio::any_io_executor executor;
        Desk& desk; // its on_host_answer becomes this one's
        // Whether a line that was added since the run started lets it through by now; may be empty.
        std::function<bool(const sandbox::NetRun& run, const api::HostRule& rule)> allowed;
        // A line for the stderr of the run of this number: what waits, and how it is answered; may be empty.
        std::function<void(std::uint64_t number, std::string line)> on_line;
    };
    explicit HostQuestions(Parts parts);

    boost::asio::awaitable<Result<egress::HostAnswer>> ask(const sandbox::NetRun& run,
                                                           const egress::Target& target) override;
    void forget(const std::string& run) override;

private:
    struct Open { // a host that a run asked for
        explicit Open(const boost::asio::any_io_executor& io)
            : changed(io, boost::asio::steady_timer::time_point::max()) {}
        std::optional<egress::HostAnswer> answer;
        std::optional<Error> error; // it could not be asked
        boost::asio::steady_timer changed;
        void wake() { changed.cancel(); }
    };
    boost::asio::awaitable<void> put(std::shared_ptr<Open> open, std::string key, sandbox::Plea plea,
                                     std::function<void(const std::string& approval)> tell);
    void answered(const std::string& key, const sandbox::Answer& answer);

    Parts parts_;
    std::map<std::string, std::shared_ptr<Open>> open_; // by "host:RUN:HOST:PORT"
    std::map<std::string, std::string> open_approvals_; // ids of their requests
};

} // namespace owhale::approvals
