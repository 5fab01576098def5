#include "egress/http/download.hpp"

#include <boost/asio/this_coro.hpp>

#include "egress/http/upload.hpp"

namespace owhale::egress::http {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::size_t kSlack = 512; // of what was held back before

} // namespace

Download::Download(std::shared_ptr<Session> session, std::shared_ptr<Reader> in, Permit permit, Framing from,
                   Framing to, std::string head)
    : session_(std::move(session)), in_(std::move(in)), permit_(std::move(permit)), pieces_(*session_, *in_, from),
      sink_(session_->client, to, std::move(head)) {
    if (!session_->needles->empty()) scrubber_ = std::make_unique<Scrubber>(session_->needles);
}

awaitable<Status> Download::run() {
    if (pieces_.done() || pieces_.quiet()) {
        const auto sent = co_await sink_.start();
        CO_CHECK(sent);
    }
    while (!pieces_.done()) {
        const auto content = co_await pieces_.next();
        CO_CHECK(content);
        if (pieces_.ended()) break;
        if (!session_->gate->count(permit_, 0, content->size()))
            co_return fail(Code::rate_limited, "the run has used up the bytes that it may move");
        const auto passed = co_await pass(content->data(), content->size());
        CO_CHECK(passed);
        session_->moved();
    }
    if (scrubber_) {
        const auto passed = co_await pass_searched({});
        CO_CHECK(passed);
    }
    co_return co_await sink_.finish();
}

awaitable<Status> Download::pass(char* data, std::size_t size) {
    if (scrubber_) co_return co_await pass_searched({data, size});
    co_return co_await sink_.write(data, size, pieces_.done());
}

// Nothing: the end.
awaitable<Status> Download::pass_searched(std::string_view content) {
    std::string shown(Piece::kFront, ' ');
    shown.reserve(Piece::kFront + content.size() + kSlack + Piece::kBack);
    if (content.empty())
        scrubber_->finish(shown);
    else
        scrubber_->push(content, shown);
    if (scrubber_->cuts() > Scrubber::kMostCuts)
        co_return fail(Code::secret_denied, "the host sends a secret again and again");
    const auto size = shown.size() - Piece::kFront;
    shown.append(Piece::kBack, ' ');
    co_return co_await sink_.write(shown.data() + Piece::kFront, size, false);
}

awaitable<void> tunnel(std::shared_ptr<Session> session, Upstream upstream, Permit permit) {
    const Framing open{Framing::Kind::until_end, 0};
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto target = permit.target;
    const auto up = std::make_shared<Upload>(executor, session, upstream.stream, permit, target, open, std::string());
    up->start();
    Download down(session, upstream.reader, permit, open, open, std::string());
    const auto done = co_await down.run();
    if (done) co_await session->client->end_writing();
    if (!done) {
        session->client->close();
        upstream.stream->close();
    }
    co_await up->wait();
}

} // namespace owhale::egress::http
