#include "cli/log_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <optional>
#include <unistd.h>

#include "cli/connection.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kChunk = std::uint64_t{1} << 20;

struct Piece {
    std::uint64_t offset = 0, length = 0; // of this piece; of all that was written so far
    std::string state;
};

Piece piece_of(const Reply& reply) {
    const auto state = reply.headers.find("owhale-state");
    return {header_number(reply, "owhale-offset"), header_number(reply, "owhale-length"),
            state == reply.headers.end() ? "" : state->second};
}

Status write_out(int fd, std::string_view data) {
    while (!data.empty()) {
        const auto count = ::write(fd, data.data(), data.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(fd == STDOUT_FILENO ? "writing to stdout" : "writing to stderr");
        data.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

// One stream of a run.
class Reader {
public:
    Reader(asio::io_context& loop, const Where& where, std::string run, bool follow, bool is_stdout)
        : connection_(loop.get_executor(), where), run_(std::move(run)), follow_(follow), is_stdout_(is_stdout) {}

    asio::awaitable<Status> read() {
        for (;;) {
            auto reply = co_await connection_.send(next_call());
            if (!reply) co_return std::unexpected(std::move(reply).error());
            auto accepted = succeeded(*std::move(reply));
            if (!accepted) co_return std::unexpected(std::move(accepted).error());
            const auto piece = piece_of(*accepted);
            if (piece.offset > at_) tell_gap(piece.offset - at_);
            at_ = piece.offset + accepted->body.size();
            auto written = write_out(is_stdout_ ? STDOUT_FILENO : STDERR_FILENO, accepted->body);
            if (!written) co_return written;
            const bool all = at_ >= piece.length || accepted->body.empty();
            if (all && (!follow_ || is_over(piece.state))) co_return Status{};
        }
    }

private:
    Call next_call() const {
        Call call{.verb = "runs.output", .id = run_};
        call.query = {{"stream", is_stdout_ ? "stdout" : "stderr"},
                      {"offset", std::to_string(at_)},
                      {"limit", std::to_string(kChunk)}};
        if (follow_) call.query.emplace_back("wait", "1");
        call.limit = std::chrono::seconds(60);
        return call;
    }

    void tell_gap(std::uint64_t bytes) const {
        note(std::to_string(bytes) + " bytes of " + (is_stdout_ ? "stdout" : "stderr") + " were not kept here");
    }

    Connection connection_;
    std::string run_;
    bool follow_, is_stdout_;
    std::uint64_t at_ = 0;
};

} // namespace

Status read_logs(const Where& where, const std::string& run, bool follow) {
    asio::io_context loop(1);
    Reader out(loop, where, run, follow, true), err(loop, where, run, follow, false);
    Status result;
    for (Reader* reader : {&out, &err}) {
        asio::co_spawn(loop, reader->read(), [&](const std::exception_ptr&, Status status) {
            if (status) return;
            if (result) result = std::move(status);
            loop.stop();
        });
        if (follow) continue;
        loop.run();
        loop.restart();
    }
    if (follow) loop.run();
    return result;
}

} // namespace owhale::cli
