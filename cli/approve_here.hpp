// Deciding in place what one's own run asks for: owhalectl approve, on this terminal, while the run waits.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "cli/context.hpp"

namespace owhale::cli {

// How to start it for a request; refused where nobody can decide like that: off a terminal, in a cage, in strict mode.
Result<std::vector<std::string>> approve_here_words(Context& context);

class ApproveHere {
public:
    explicit ApproveHere(std::vector<std::string> words) : words_(std::move(words)) {}
    ApproveHere(const ApproveHere&) = delete;
    ApproveHere& operator=(const ApproveHere&) = delete;
    ~ApproveHere() { end(); }

    bool wanted() const { return !words_.empty(); }
    // Once; without words it does nothing.
    void begin(const std::string& approval);
    // It is at work still.
    bool is_open();
    // It was decided elsewhere, or has done its work.
    void end();

private:
    std::vector<std::string> words_;
    pid_t pid_ = -1;
};

} // namespace owhale::cli
