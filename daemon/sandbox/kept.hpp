// The folders of kept output: one a run, held to an age and to a size per principal.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "config/settings.hpp"
#include "sandbox/run_rows.hpp"

namespace owhale::sandbox {

class Kept {
public:
    // Makes STATE/runs when it is missing.
    static Result<Kept> open(const config::Settings& settings);

    std::string folder(const std::string& id) const;
    std::uint64_t bytes(const std::string& id) const;
    void measure(api::Run& run) const; // its output, as a record says it
    void remove(const std::string& id) const;
    // What a crash left behind without a row.
    void remove_unknown(RunRows& rows) const;
    // Runs that ended more than keep-days ago go, with their rows.
    void hold_to_age(RunRows& rows) const;
    // A principal's oldest output goes until the rest is under keep-bytes; the rows stay.
    // `added`: what the run kept whose end was just recorded.
    void hold_to_quota(RunRows& rows, const std::string& principal, std::uint64_t added);
    // The same for what the runs of a run wrote. Its own principal ends with it and could be made again and again: so these
    // have an eighth of keep-bytes while it lives, and nothing afterwards. Their records and receipts stay.
    void hold_to_run(RunRows& rows, const std::string& run, bool lives) const;

private:
    bool hold(RunRows& rows, const std::string& principal,
              std::uint64_t most) const; // false: it could not be, or not all
    explicit Kept(const config::Settings& settings) : settings_(&settings) {}
    const config::Settings* settings_;
    std::map<std::string, std::uint64_t> at_most_; // bytes that a principal's runs keep, no fewer
};

} // namespace owhale::sandbox
