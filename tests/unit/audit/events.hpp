// Numbered events, put into a real log and read out of it again.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"

namespace owhale::test {

// The n-th, from 1. Every fifth is larger than a page of the file.
inline audit::Event numbered(std::size_t n) {
    audit::Event event{"run.intent", "unix:1000", "runs.create", "ok", "", {}};
    if (n % 2 == 0) event.event = "run.outcome";
    event.run = "0193a6a0-0000-7000-8000-" + std::to_string(100'000'000'000 + (n + 1) / 2);
    event.data["n"] = n;
    if (n % 5 == 0) event.data["padding"] = std::string(9'000, 'p');
    return event;
}

// 0: an event of the log's own.
inline std::size_t number_of(const std::string& json) {
    const auto value = boost::json::parse(json);
    const auto* n = value.at("data").as_object().if_contains("n");
    return n == nullptr ? 0 : n->to_number<std::size_t>();
}

template <typename T> T awaited(boost::asio::io_context& io, boost::asio::awaitable<T> operation) {
    std::optional<T> result;
    boost::asio::co_spawn(io, std::move(operation),
                          [&](std::exception_ptr, T value) { result.emplace(std::move(value)); });
    io.restart();
    io.run();
    return std::move(*result);
}

inline Result<std::uint64_t> appended(audit::Log& log, audit::Event event) {
    boost::asio::io_context io;
    return awaited(io, log.append(std::move(event)));
}

// Oldest first.
inline std::vector<audit::Row> all_of(audit::Log& log) {
    boost::asio::io_context io;
    std::vector<audit::Row> all;
    for (;;) {
        audit::Query query;
        query.after = all.size();
        query.newest_first = false;
        query.limit = 1000;
        auto rows = awaited(io, log.find(std::move(query)));
        if (!rows || rows->empty()) return all;
        all.insert(all.end(), rows->begin(), rows->end());
    }
}

} // namespace owhale::test
