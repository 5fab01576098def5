// An export of the audit log asked for, and asked for again where it was cut off: its lines go to a sink.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/connection.hpp"
#include "cli/export_lines.hpp"

namespace owhale::cli {

class ExportStream {
public:
    struct Wanted {
        std::string format, since, until; // RFC 3339, or ""
        std::uint64_t after = 0;
        std::optional<std::uint64_t> until_seq;
        bool follow = false;
        bool stops_on_signals = false; // INT and TERM end it in order; else they end owhalectl
    };
    // `progress` hears of each piece that went to the sink: the sequence, and bytes in all.
    using Progress = std::function<void(std::uint64_t sequence, std::uint64_t bytes)>;
    ExportStream(const Where& where, Wanted wanted, ExportLines::Sink sink, Progress progress);

    // Until the end; the signal that ended it before, or 0. With `follow` it goes on when owhaled is back.
    Result<int> run();
    std::uint64_t last() const { return lines_.last().value_or(wanted_.after); }

private:
    asio::awaitable<Status> go_on();
    asio::awaitable<Status> ask();
    Call call() const;

    asio::io_context loop_;
    asio::signal_set signals_;
    Connection connection_;
    Wanted wanted_;
    ExportLines lines_;
    Progress progress_;
    Status taken_;
    int signal_ = 0;
};

} // namespace owhale::cli
