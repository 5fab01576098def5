// What a run tried over its network: rows of the report, totals, and the budget of bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "shared/api_network.hpp"

namespace owhale::egress {

// Of a refusal's reason as much as is kept and shown, 400 bytes at most: parts of it are words of the run's.
std::string bounded_reason(const std::string& reason);

class Report {
public:
    static constexpr std::size_t kMostRows = 256;
    static constexpr std::size_t kMostRefused = 128; // of them: no noise of refusals hides what was reached after it

    explicit Report(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

    // The row of this host, port, way and verdict, one try more in it; kMostRows when there are too many: counted alone.
    std::size_t note(const std::string& host, std::uint16_t port, const std::string& how, const std::string& verdict,
                     const std::string& rule, const std::string& reason);
    void connected(std::size_t row, const std::string& address);
    void ended(std::size_t row, std::uint64_t ms);
    // Said of what went through to this host and port, unless something was said already.
    void remark(const std::string& host, std::uint16_t port, const std::string& reason);
    void approved(std::size_t row, const std::string& approval);
    void secret(std::size_t row, const std::string& name);
    // False: the budget is used up.
    bool count(std::size_t row, std::uint64_t up, std::uint64_t down);
    bool spent() const { return most_bytes_ != 0 && report_.up + report_.down > most_bytes_; }
    std::uint64_t connections() const { return report_.connections; }

    api::NetReport& whole() { return report_; }
    const api::NetReport& whole() const { return report_; }

private:
    api::NetTry* at(std::size_t row) { return row < report_.hosts.size() ? &report_.hosts[row] : nullptr; }

    std::uint64_t most_bytes_; // 0: no limit
    api::NetReport report_;
    std::size_t refused_ = 0; // rows
    std::map<std::tuple<std::string, std::uint16_t, std::string, std::string>, std::size_t> rows_;
};

} // namespace owhale::egress
