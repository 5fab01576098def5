#include "egress/watching.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace owhale::egress {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kMoment{100};

class Watched final : public Watching, public std::enable_shared_from_this<Watched> {
public:
    Watched(const asio::any_io_executor& executor, Readable readable)
        : descriptor_(executor), moment_(executor), readable_(std::move(readable)) {}

    bool take(Fd socket) {
        boost::system::error_code error;
        descriptor_.assign(socket.get(), error);
        if (error) return false;
        (void)socket.release();
        return true;
    }
    void wait() {
        descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [self = shared_from_this()](boost::system::error_code error) {
                                   if (!error && self->descriptor_.is_open()) self->read();
                               });
    }
    void close() override {
        boost::system::error_code ignored;
        descriptor_.close(ignored);
        moment_.cancel();
    }

private:
    void read() {
        const bool means = readable_(descriptor_.native_handle());
        if (!descriptor_.is_open()) return;
        if (means) return wait();
        moment_.expires_after(kMoment);
        moment_.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error && self->descriptor_.is_open()) self->wait();
        });
    }

    asio::posix::stream_descriptor descriptor_;
    asio::steady_timer moment_;
    Readable readable_;
};

} // namespace

std::shared_ptr<Watching> Watching::start(asio::any_io_executor executor, Fd socket, Readable readable) {
    auto watched = std::make_shared<Watched>(executor, std::move(readable));
    if (!watched->take(std::move(socket))) return nullptr;
    watched->wait();
    return watched;
}

} // namespace owhale::egress
