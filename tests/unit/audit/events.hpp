// Numbered events, put into a real log and read out of it again.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "audit/merkle/tree.hpp"

#include "checks.hpp"

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

inline std::string hex(const audit::merkle::Hash& hash) {
    std::string out;
    for (const auto byte : hash) ((out += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15]);
    return out;
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

// RFC 6962, 2.1, by recursion, of the rows' own texts.
inline audit::merkle::Hash root_of(std::span<const audit::Row> rows) {
    if (rows.empty()) return audit::merkle::empty_root();
    if (rows.size() == 1) return audit::merkle::leaf_hash(rows[0].json);
    std::size_t left = 1;
    while (left * 2 < rows.size()) left *= 2;
    return audit::merkle::node_hash(root_of(rows.first(left)), root_of(rows.subspan(left)));
}

// No gap, each row's hash its text's, ours each once and in order, and the tree is that of these rows. How many of ours.
inline std::size_t check_log(audit::Log& log) {
    const auto rows = all_of(log);
    std::size_t ours = 0, wrong = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        wrong += rows[i].seq != i + 1;
        wrong += rows[i].hash != hex(audit::merkle::leaf_hash(rows[i].json));
        if (const auto n = number_of(rows[i].json)) wrong += n != ++ours;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(log.size().value_or(0), rows.size());
    CHECK(log.root_at(rows.size()) == root_of(rows));
    return ours;
}

} // namespace owhale::test
