// owhaled from C++ with Boost (Asio, Beast, JSON) and OpenSSL: copy this file. `owhale run -- uname -a` shows how.
#include <openssl/x509.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

namespace owhale {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
namespace websocket = beast::websocket;
using Socket = asio::generic::stream_protocol::socket; // a Unix socket's or TCP's
using Tls = asio::ssl::stream<Socket>;
using Fields = std::vector<std::pair<std::string, std::string>>;

enum Stream : char { kStdin = 0, kStdout = 1, kStderr = 2, kStatus = 3, kResize = 4, kClose = -1 };

std::string text_of(const json::object& from, std::string_view key, std::string_view otherwise = "") {
    const auto* value = from.if_contains(key);
    return std::string(value && value->is_string() ? std::string_view(value->get_string()) : otherwise);
}

// What owhaled refused: decide by `code`, show what() to people.
struct Problem : std::runtime_error {
    explicit Problem(const json::object& problem)
        : runtime_error(text_of(problem, "code") + ": " + text_of(problem, "detail") + " " + text_of(problem, "next")),
          code(text_of(problem, "code")) {}
    std::string code;
};

struct Answer {
    unsigned status = 0;
    int retry_after = 0; // seconds; 0: not said
    std::string body;
};

// The live streams of a run: a WebSocket whose messages begin with the number of a stream. Any thread may send.
class Channel {
public:
    virtual ~Channel() = default;
    virtual void send(Stream stream, std::string_view data) = 0;
    virtual std::optional<std::string> next() = 0; // until owhaled closes: output, and the run as JSON on kStatus
    virtual void detach() = 0;
    void end_stdin() { send(kClose, std::string_view("\0", 1)); }
    void resize(int columns, int rows) {
        send(kResize, json::serialize(json::object{{"Width", columns}, {"Height", rows}}));
    }
};

struct Place {
    std::string socket_path, url, token,
        fingerprint; // a url is taken before the socket; SHA256:… is https' certificate
};

inline const std::set<std::string> kLoopback{"127.0.0.1", "[::1]", "localhost"};
constexpr std::chrono::seconds kPatience{60}; // for an answer: what waits in owhaled is asked for 10 s at a time

class Owhaled {
public:
    explicit Owhaled(Place place) : place_(std::move(place)), host_("localhost") {
        if (place_.url.empty()) return;
        tls_ = place_.url.starts_with("https://");
        host_ = place_.url.substr(place_.url.find("//") + 2);
        const auto name = host_.substr(0, host_.rfind(':'));
        if (!tls_ && !kLoopback.contains(name))
            throw std::runtime_error("plain HTTP to " + name + " would show the token to the network: use https");
    }

    // The answer's JSON; waits and tries again when owhaled says so.
    json::object ask(http::verb method, const std::string& path, const json::object& body = {},
                     const Fields& fields = {}) const {
        for (;;) {
            auto answer = once(method, path, body, fields);
            if ((answer.status == 429 || answer.status == 503) && answer.retry_after > 0) {
                std::this_thread::sleep_for(std::chrono::seconds(answer.retry_after));
                continue;
            }
            auto said = answer.body.empty() ? json::object() : json::parse(answer.body).as_object();
            if (answer.status >= 400) throw Problem(said);
            return said;
        }
    }

    // Runs to the end and gives the run with its output. What needs approval is told to `on_approval`, and waited for.
    json::object run(json::object request, const std::function<void(const json::object&)>& on_approval = {}) const {
        request["wait"] = request["detach"] = true;
        std::random_device random; // a key of this request: trying again starts nothing twice
        const auto key = std::to_string(random()) + "-" + std::to_string(random()) + "-" + std::to_string(random());
        auto run = ask(http::verb::post, "/v1/runs", request, {{"Prefer", "wait=1"}, {"Idempotency-Key", key}});
        if (text_of(run, "state") == "waiting_approval" && on_approval) on_approval(run);
        return wait(std::move(run));
    }

    // What was agreed to since owhaled restarted goes on when its asker is there again, and claims it.
    json::object claimed(json::object run) const {
        const auto approval = "/v1/approvals/" + text_of(run, "approval");
        const auto asked = ask(http::verb::get, approval);
        const auto* claimable = asked.if_contains("claimable");
        if (claimable == nullptr || *claimable != true) return run;
        return ask(http::verb::post, approval + "/claim", {}, {{"Prefer", "wait=1"}});
    }

    // Until it has ended. owhaled may be away for `patience`: the run's id is all that it takes to go on.
    json::object wait(json::object run, std::chrono::seconds patience = std::chrono::seconds(60)) const {
        static const std::set<std::string> live{"queued", "waiting_approval", "starting", "running"};
        static const std::set<std::string> bad{"denied", "expired", "cancelled", "failed", "lost"};
        const auto id = text_of(run, "id");
        std::optional<std::chrono::steady_clock::time_point> lost;
        while (live.contains(text_of(run, "state"))) {
            try {
                run = ask(http::verb::get, "/v1/runs/" + id + "/wait", {}, {{"Prefer", "wait=10"}});
                if (text_of(run, "state") == "waiting_approval") run = claimed(std::move(run));
                lost.reset();
            } catch (const boost::system::system_error&) {
                const auto now = std::chrono::steady_clock::now();
                if (!lost) lost = now;
                if (now - *lost > patience) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(500));
            }
        }
        const auto state = text_of(run, "state");
        if (bad.contains(state))
            throw Problem({{"code", text_of(run, "code", state)}, {"detail", text_of(run, "error", state)}});
        for (const char* stream : {"stdout", "stderr"}) run[stream] = output(id, stream);
        return run;
    }

    std::string output(const std::string& run, const std::string& stream) const {
        auto answer = once(http::verb::get, "/v1/runs/" + run + "/output?stream=" + stream + "&limit=4194304", {}, {});
        if (answer.status != 200) throw Problem(json::parse(answer.body).as_object());
        return std::move(answer.body);
    }

    std::unique_ptr<Channel> attach(const std::string& run) const;

private:
    template <class> friend class ChannelOver;

    Socket connect(asio::io_context& io) const {
        Socket socket(io);
        asio::generic::stream_protocol::endpoint there;
        if (place_.url.empty()) {
            there = asio::local::stream_protocol::endpoint(place_.socket_path);
        } else {
            const auto colon = host_.rfind(':');
            there = asio::ip::tcp::resolver(io).resolve(host_.substr(0, colon), host_.substr(colon + 1))->endpoint();
        }
        socket.connect(there);
        return socket;
    }

    Tls secured(Socket socket) const { // the fingerprint is what proves it, and nothing is sent before it was seen
        static asio::ssl::context context(asio::ssl::context::tls_client);
        Tls stream(std::move(socket), context);
        stream.handshake(Tls::client);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(stream.native_handle()),
                                                                      X509_free);
        unsigned char digest[32];
        unsigned size = sizeof digest;
        if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest, &size) != 1)
            throw std::runtime_error("no certificate");
        std::string seen = "SHA256:";
        for (const auto byte : digest) seen += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        if (seen != place_.fingerprint)
            throw std::runtime_error("another owhaled, or somebody between: its fingerprint is " + seen);
        return stream;
    }

    template <class Link>
    static Answer exchange(asio::io_context& io, Link link, const http::request<http::string_body>& request) {
        http::write(link, request);
        beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        parser.body_limit(16 << 20);
        beast::error_code ended = asio::error::timed_out;
        http::async_read(link, buffer, parser, [&](beast::error_code error, std::size_t) { ended = error; });
        io.run_for(kPatience);
        if (ended) throw beast::system_error(ended);
        auto answer = parser.release();
        return {answer.result_int(), std::atoi(std::string(answer[http::field::retry_after]).c_str()),
                std::move(answer.body())};
    }

    Answer once(http::verb method, const std::string& path, const json::object& body, const Fields& fields) const {
        http::request<http::string_body> request(method, path, 11);
        sign(request);
        for (const auto& [name, value] : fields) request.set(name, value);
        if (!body.empty()) request.body() = json::serialize(body);
        request.prepare_payload();
        asio::io_context io;
        return tls_ ? exchange(io, secured(connect(io)), request) : exchange(io, connect(io), request);
    }

    void sign(auto& request) const {
        request.set(http::field::host, host_);
        if (!place_.token.empty()) request.set(http::field::authorization, "Bearer " + place_.token);
    }

    Place place_;
    std::string host_;
    bool tls_ = false;
};

template <class Link> class ChannelOver final : public Channel {
public:
    ChannelOver(std::unique_ptr<asio::io_context> io, Link link, const Owhaled& owhaled, const std::string& run)
        : io_(std::move(io)), socket_(std::move(link)) {
        socket_.set_option(websocket::stream_base::decorator([&owhaled](websocket::request_type& request) {
            owhaled.sign(request);
            request.set(http::field::sec_websocket_protocol, "v5.channel.k8s.io");
        }));
        websocket::response_type answer;
        beast::error_code error;
        socket_.handshake(answer, owhaled.host_, "/v1/runs/" + run + "/attach", error);
        if (error == websocket::error::upgrade_declined) throw Problem(json::parse(answer.body()).as_object());
        if (error) throw beast::system_error(error);
        socket_.binary(true);
        socket_.read_message_max(0);
        turns_ = std::thread([this] { io_->run(); });
    }
    ~ChannelOver() override {
        io_->stop();
        turns_.join();
    }

    void send(Stream stream, std::string_view data) override {
        const auto message = std::string(1, stream) += data;
        const std::lock_guard one(sending_);
        wait_for([&](auto end) { socket_.async_write(asio::buffer(message), std::move(end)); });
    }

    std::optional<std::string> next() override {
        std::string message;
        auto buffer = asio::dynamic_buffer(message);
        try {
            wait_for([&](auto end) { socket_.async_read(buffer, std::move(end)); });
            return message;
        } catch (const boost::system::system_error& error) {
            if (error.code() == websocket::error::closed) return std::nullopt;
            throw std::runtime_error("the channel was lost; attach again, the run may go on");
        }
    }

    void detach() override {
        wait_for([&](auto end) { socket_.async_close(websocket::close_code::normal, std::move(end)); });
    }

private:
    // Starts it on the thread of io_, where a read and a write may be under way at once, and waits for its end.
    void wait_for(auto start) {
        std::promise<beast::error_code> ended;
        auto error = ended.get_future();
        asio::post(*io_, [&start, ended = std::move(ended)]() mutable {
            start(
                [ended = std::move(ended)](beast::error_code code, std::size_t = 0) mutable { ended.set_value(code); });
        });
        if (const auto code = error.get()) throw boost::system::system_error(code);
    }

    std::unique_ptr<asio::io_context> io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(*io_);
    websocket::stream<Link> socket_;
    std::mutex sending_;
    std::thread turns_;
};

std::unique_ptr<Channel> Owhaled::attach(const std::string& run) const {
    auto io = std::make_unique<asio::io_context>();
    auto socket = connect(*io);
    if (!tls_) return std::make_unique<ChannelOver<Socket>>(std::move(io), std::move(socket), *this, run);
    auto link = secured(std::move(socket));
    return std::make_unique<ChannelOver<Tls>>(std::move(io), std::move(link), *this, run);
}

} // namespace owhale

namespace {

using namespace owhale;

int exit_code(const json::object& run) {
    const auto* code = run.if_contains("exit_code");
    return code && code->is_int64() ? static_cast<int>(code->get_int64()) : 125;
}

std::string read_stdin() { // empty: its end
    std::string data(65536, '\0');
    const auto got = read(0, data.data(), data.size());
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return data;
}

// Our stdin to the run's, the run's output to ours.
int stream(Channel& channel) {
    std::thread([&channel] {
        try {
            for (auto data = read_stdin(); !data.empty(); data = read_stdin()) channel.send(kStdin, data);
            channel.end_stdin();
        } catch (const std::exception&) { // it is over
        }
    }).detach();
    json::object run;
    while (const auto message = channel.next()) {
        const auto data = std::string_view(*message).substr(1);
        if (message->front() == kStatus)
            run = json::parse(data).as_object();
        else
            (message->front() == kStdout ? std::cout : std::cerr) << data << std::flush;
    }
    return exit_code(run);
}

int show(const json::object& run) {
    std::cout << text_of(run, "stdout") << std::flush;
    std::cerr << text_of(run, "stderr");
    return exit_code(run);
}

int perform(const Owhaled& owhaled, const std::string& command, const std::vector<std::string>& words) {
    const json::object request{{"argv", json::array(words.begin(), words.end())}};
    if (command == "run") return show(owhaled.run(request));
    if (command == "ask")
        return show(owhaled.run(request, [](const json::object& run) {
            std::cerr << "needs approval: owhalectl approve " << text_of(run, "approval") << std::endl;
        }));
    if (command == "stream") {
        auto live = request;
        live["attach"] = live["stdin_open"] = live["detach"] = true;
        return stream(*owhaled.attach(text_of(owhaled.ask(http::verb::post, "/v1/runs", live), "id")).release());
    }
    // attach RUN; attach RUN --detach gives it one piece of stdin, and leaves
    auto channel = owhaled.attach(words.at(0));
    if (words.back() != "--detach")
        return stream(*channel.release()); // a thread that reads stdin may hold it to the end
    channel->resize(100, 40);
    channel->send(kStdin, read_stdin());
    channel->detach();
    return 0;
}

int answer(int argc, char** argv) {
    const auto variable = [](const char* name, const char* otherwise = "") {
        const char* value = std::getenv(name);
        return std::string(value ? value : otherwise);
    };
    std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
    if (!words.empty() && words.front() == "--") words.erase(words.begin()); // further ones are the command's
    try {
        const Owhaled owhaled({variable("OWHALE_SOCKET", "/run/owhaled/owhaled.sock"), variable("OWHALE_HOST"),
                               variable("OWHALE_TOKEN"), variable("OWHALE_FINGERPRINT")});
        return perform(owhaled, argc > 1 ? argv[1] : "", words);
    } catch (const Problem& problem) {
        std::cerr << problem.what() << std::endl;
    } catch (const std::exception& error) {
        std::cerr << "unreachable: " << error.what() << std::endl;
    }
    return 125;
}

} // namespace

int main(int argc, char** argv) {
    const int code = answer(argc, argv);
    std::cout.flush();
    std::_Exit(code); // a thread may still read stdin
}
