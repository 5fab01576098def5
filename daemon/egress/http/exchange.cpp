// One request and its answer, in the order in which a proxy may do them: read, place, ask, put in, connect, send, search, give.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "egress/http/download.hpp"
#include "egress/http/message.hpp"
#include "egress/http/put_in.hpp"
#include "egress/http/session.hpp"
#include "egress/http/upload.hpp"

namespace owhale::egress::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;

constexpr unsigned kMostInterim = 16;           // 1xx before an answer
constexpr std::chrono::seconds kFreshEnough{2}; // a kept connection, for a request that cannot be sent twice
constexpr std::chrono::seconds kKept{60};       // for one that can
constexpr std::chrono::seconds kLastBytes{5};   // of a request whose answer came early
constexpr std::chrono::seconds kLinger{2};      // for the client to read a refusal
constexpr std::size_t kLingerBytes = 1u << 20;

std::unexpected<Error> used_up() {
    return fail(Code::rate_limited, "the run has used up the bytes that it may move",
                "A larger net-bytes, or another run.");
}

Error at_host(const Error& error, const Place& place, std::string what) {
    auto told = error;
    told.code = Code::unreachable;
    told.message = place.target.host + " " + std::move(what) + ": " + error.message;
    if (told.next.empty()) told.next = "It is the host's fault, or that of the way to it; owhaled refused nothing.";
    return told;
}

// Can it be sent again when the kept connection turns out to be dead?
bool repeatable(const RequestHead& head) {
    return head.body.kind == Framing::Kind::none &&
           (head.method == "GET" || head.method == "HEAD" || head.method == "OPTIONS");
}

class Exchange {
public:
    explicit Exchange(std::shared_ptr<Session> session) : session_(std::move(session)) {}

    awaitable<bool> serve() {
        const auto read = co_await read_request();
        if (!read) co_return false;
        auto place = place_of(head_, session_->front, session_->gate->run());
        if (!place) co_return co_await refuse_unplaced(place.error());
        place_ = std::move(*place);
        session_->watch->rest(); // somebody may be asked
        auto permit = co_await session_->gate->admit(place_.target);
        session_->moved();
        if (!permit) co_return co_await answer(permit.error());
        permit_ = std::move(*permit);
        const auto ready = prepare();
        if (!ready) co_return co_await answer(ready.error());
        co_return co_await forward();
    }

private:
    // False: nothing more comes, or what came was no request.
    awaitable<bool> read_request() {
        auto& session = *session_;
        session.watch->arm(session.deadlines.quiet);
        if (session.in.empty()) {
            const auto more = co_await session.in.fill();
            if (!more.value_or(false)) co_return false;
        }
        session.watch->arm(session.deadlines.head);
        const auto text = co_await session.in.read_head();
        auto head = text ? parse_request(*text) : Result<RequestHead>(std::unexpected(text.error()));
        if (head) {
            head_ = std::move(*head);
            co_return true;
        }
        if (head.error().code == Code::bad_request) {
            must_close_ = true;
            co_await answer(head.error());
        }
        co_return false;
    }

    awaitable<bool> refuse_unplaced(const Error& error) {
        if (error.code == Code::host_denied) {
            auto host = session_->front.host;
            if (host.empty()) host = lower_case(head_.fields.get("host").substr(0, 253));
            const Target target{host, session_->front.port, "http", head_.method, {}};
            session_->gate->refuse(target, "host-mismatch", error.message, error.next);
        }
        must_close_ = true;
        co_return co_await answer(error);
    }

    // Placeholders, and the values that the answer is searched for.
    Status prepare() {
        auto& gate = *session_->gate;
        if (head_.fields.has("expect") && !same_name(head_.fields.get("expect"), "100-continue"))
            return fail(Code::bad_request, "the only Expect known is 100-continue");
        auto found = TRY(put_in(head_, place_, gate.run()));
        for (const auto& one : found.misplaced)
            gate.warn(place_.target, "placeholder", "the placeholder of " + one.secret->name + " " + one.why,
                      "Send it as the header " + one.secret->header + ", by https, to a host of the secret.");
        if (!gate.run().secrets.empty()) learn_values(*session_);
        for (const auto& one : found.put) session_->needles->add(one.raw.text(), one.secret->placeholder);
        put_ = std::move(found.put);
        way_.searched = !session_->needles->empty();
        way_.websocket = head_.websocket();
        whole_ = !put_.empty() || has_secret_for(gate.run(), place_.target.host);
        return {};
    }
    awaitable<bool> forward() {
        for (;;) {
            const auto kept = take_kept();
            if (!kept) {
                const auto dialled = co_await dial();
                if (!dialled) co_return co_await answer(dialled.error());
            }
            const auto sent = co_await send();
            if (!sent) co_return co_await answer(sent.error());
            const auto got = co_await read_answer();
            if (got) co_return co_await give();
            const bool again = kept && silent_ && repeatable(head_);
            session_->close_upstream();
            co_await up_->wait();
            if (again) continue;
            const auto why = up_->fault() ? at_host(got.error(), place_, "gave no answer that owhaled passes on")
                                          : up_->fault().error();
            co_return co_await answer(why);
        }
    }

    bool take_kept() {
        auto& kept = session_->upstream;
        const auto& to = place_.target;
        const auto age = Clock::now() - kept.since;
        const bool same = kept.stream && kept.host == to.host && kept.port == to.port && kept.tls == place_.tls;
        if (same && age < (repeatable(head_) ? kKept : kFreshEnough)) return true;
        session_->close_upstream();
        return false;
    }

    awaitable<Status> dial() {
        session_->watch->rest(); // the gate has deadlines of its own
        Result<std::unique_ptr<Stream>> stream;
        if (place_.tls)
            stream = co_await session_->gate->dial_tls(permit_);
        else
            stream = co_await session_->gate->dial(permit_);
        session_->moved();
        if (!stream) {
            if (stream.error().code != Code::unreachable) co_return std::unexpected(stream.error());
            co_return std::unexpected(at_host(stream.error(), place_, "cannot be reached"));
        }
        auto& up = session_->upstream;
        up.stream = std::move(*stream);
        up.reader = std::make_shared<Reader>(up.stream);
        up.host = place_.target.host;
        up.port = place_.target.port;
        up.tls = place_.tls;
        co_return Status{};
    }

    awaitable<Status> send() {
        const auto executor = co_await asio::this_coro::executor;
        auto text = request_text(head_, place_, put_, way_);
        if (!session_->gate->count(permit_, text.size(), 0)) co_return used_up();
        up_ = std::make_shared<Upload>(executor, session_, session_->upstream.stream, permit_, place_.target,
                                       head_.body, std::move(text));
        note_uses();
        up_->start();
        co_return Status{};
    }

    // Once a request: a secret is used when it goes out, not when its host could not be reached.
    void note_uses() {
        if (std::exchange(noted_, true)) return;
        auto& gate = *session_->gate;
        for (const auto& one : put_) {
            gate.note_secret(permit_, one.secret->name);
            if (one.secret->note_use) one.secret->note_use(gate.run().id, place_.target.host);
        }
    }

    // The final answer's head, with interim ones in front of it passed on or dropped.
    awaitable<Status> read_answer() {
        auto& reader = *session_->upstream.reader;
        silent_ = true;
        for (unsigned count = 0; count <= kMostInterim; ++count) {
            if (reader.empty()) {
                const auto some = co_await reader.fill();
                CO_CHECK(some);
                if (!*some) co_return fail(Code::unreachable, "it closed the connection");
            }
            silent_ = false;
            session_->moved();
            const auto text = co_await reader.read_head();
            CO_CHECK(text);
            auto head = parse_response(*text);
            CO_CHECK(head);
            got_ = std::move(*head);
            if (got_.status >= 200 || got_.status == 101) co_return check_answer();
            if (got_.status == 100 && !head_.http10 && head_.fields.has("expect")) {
                const auto told =
                    co_await session_->client->write(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")));
                CO_CHECK(told);
            }
        }
        co_return fail(Code::unreachable, "more than 16 interim answers");
    }

    Status check_answer() {
        if (got_.status == 101 && (!way_.websocket || !same_name(got_.fields.get("upgrade"), "websocket")))
            return fail(Code::unreachable, "it changes to a protocol that nobody asked for");
        if (!whole_) return {};
        const auto coding = got_.fields.get("content-encoding");
        if (got_.fields.count("content-encoding") > 1 || (!coding.empty() && !same_name(coding, "identity")))
            return fail(Code::unreachable,
                        "it sends a Content-Encoding although it was asked not to: owhaled cannot search the "
                        "answer for the secret");
        if (got_.status == 206) return fail(Code::unreachable, "it sends a part that nobody asked for");
        return {};
    }

    // A field that holds a value goes: no part of a head has to have its length.
    void search_head() {
        const auto& needles = *session_->needles;
        if (needles.empty()) return;
        const auto holds = [&](const Field& field) {
            return needles.find(field.value).placeholder != nullptr || needles.find(field.name).placeholder != nullptr;
        };
        if (std::erase_if(got_.fields.all(), holds) != 0) note_cut();
    }
    void note_cut() {
        session_->gate->warn(place_.target, "secret-echoed",
                             "it sent a secret's value back; the answer came through with the value cut out",
                             "ask whoever runs the host why it shows credentials");
    }

    awaitable<bool> give() {
        search_head();
        if (got_.status == 101) co_return co_await become_tunnel();
        const auto body = body_of(got_, head_.method);
        auto sent = body;
        if (body.kind == Framing::Kind::chunked || body.kind == Framing::Kind::until_end)
            sent.kind = head_.http10 ? Framing::Kind::until_end : Framing::Kind::chunked;
        const bool early = up_->running() && head_.fields.has("expect");
        const bool close = must_close_ || early || head_.http10 || !head_.keep_alive();
        // What a HEAD or a 304 says of a body that does not come.
        const bool tells =
            body.kind == Framing::Kind::none && got_.body.kind == Framing::Kind::sized && got_.status != 204;
        auto text = response_text(got_, {tells ? got_.body : sent, close, false, &place_});
        if (!session_->gate->count(permit_, 0, text.size())) session_->close();
        const bool keeps = got_.keep_alive() && body.kind != Framing::Kind::until_end;
        Download down(session_, session_->upstream.reader, permit_, body, sent, std::move(text));
        const auto done = co_await down.run();
        if (down.cut()) note_cut();
        if (!done) {
            session_->close();
            co_await up_->wait();
            co_return false;
        }
        co_return co_await finish(keeps, close);
    }

    // The answer is given; the request may still be on its way.
    awaitable<bool> finish(bool keeps, bool close) {
        if (close) co_await session_->client->end_writing();
        if (up_->running()) {
            session_->watch->arm(kLastBytes);
            co_await up_->wait();
        }
        // Bytes behind an answer are nobody's: they must not become the next one's.
        if (!keeps || !up_->whole() || !session_->upstream.reader->empty())
            session_->close_upstream();
        else
            session_->upstream.since = Clock::now();
        co_return !close && up_->whole();
    }

    awaitable<bool> become_tunnel() {
        const auto text = response_text(got_, {{}, false, true, &place_});
        co_await up_->wait(); // it was the head alone
        const auto sent = co_await session_->client->write(asio::buffer(text));
        auto upstream = session_->upstream;
        if (sent) co_await tunnel(session_, upstream, permit_);
        session_->close();
        co_return false;
    }

    // Owhaled's own answer. What is left of the request is not read: then the connection ends.
    awaitable<bool> answer(const Error& error) {
        const bool unread = head_.body.kind != Framing::Kind::none && !(up_ && up_->whole());
        const bool close = must_close_ || unread || head_.http10 || !head_.keep_alive();
        session_->close_upstream();
        const auto text = problem_text(error, status_of(error), head_.method, close);
        const auto sent = co_await session_->client->write(asio::buffer(text));
        if (close && sent) co_await linger();
        co_return sent && !close;
    }

    // A connection that is closed with bytes unread is reset, and the answer may be lost with it.
    awaitable<void> linger() {
        co_await session_->client->end_writing();
        session_->watch->arm(kLinger);
        session_->in.take_rest();
        std::string sink(4096, '\0');
        for (std::size_t all = 0; all < kLingerBytes;) {
            const auto got = co_await session_->client->read(asio::buffer(sink));
            if (!got || *got == 0) break;
            all += *got;
        }
    }

    std::shared_ptr<Session> session_;
    RequestHead head_;
    Place place_;
    Permit permit_;
    std::vector<PutIn> put_;
    RequestWay way_;
    bool noted_ = false;      // that its secrets were used
    bool whole_ = false;      // its answer must be searched, or is refused
    bool must_close_ = false; // nobody knows where the next request starts
    bool silent_ = true;      // not a byte of an answer has come
    std::shared_ptr<Upload> up_;
    ResponseHead got_;
};

} // namespace

awaitable<bool> serve_exchange(std::shared_ptr<Session> session) {
    Exchange exchange(session);
    co_return co_await exchange.serve();
}

} // namespace owhale::egress::http
