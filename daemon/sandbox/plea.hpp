// What is kept of a request that waits for an answer, so that the run can be made again; and what people are told of it.
#pragma once

#include <optional>
#include <string>

#include "sandbox/consent.hpp"
#include "sandbox/launcher.hpp"

namespace owhale::sandbox {

struct Asked {                             // the request as it came
    std::optional<api::RunRequest> create; // exactly one of the two
    std::optional<api::ExecRequest> exec;
    std::optional<std::string> target; // of exec: the run that it enters
    bool waits() const;                // its client stays for the answer
};
BOOST_DESCRIBE_STRUCT(Asked, (), (create, exec, target))

std::string kept_text(const Asked& asked);
// state_unavailable when it cannot be read.
Result<Asked> read_kept(const std::string& text);

// The plan frozen and digested, with all that people are shown. `record` is the run's.
Result<Plea> make_plea(const Prepared& prepared, const Caller& caller, const api::Run& record, const Asked& asked);

} // namespace owhale::sandbox
