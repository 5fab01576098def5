// Commands that come on stdin one after another, for a shell in the cage that lives on: each is judged, then handed over.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.hpp"
#include "cli/client.hpp"
#include "shared/api.hpp"

namespace owhale::cli::shell {

// Reads whole lines from `from` until they make a whole command, by the policy's own parser; asks owhaled about it together
// with what this shell was given before (so that variables and folders are known); writes what is allowed to the pipe that the
// shell reads. What is denied, or would have to be asked, is told on stderr and not handed over, and the shell ends with
// 126, since what follows may rely on it; an interactive one goes on.
class Feeder : public std::enable_shared_from_this<Feeder> {
public:
    Feeder(const Where& where, api::CheckRequest check, bool goes_on)
        : client_(where), check_(std::move(check)), goes_on_(goes_on) {}

    // The end that the shell's input is read from. The thread that fills it ends with the process, which may be after whoever
    // started it has let go: it keeps this alive itself.
    Result<int> start(int from);
    bool refused() const { return refused_; }
    // Why owhaled could not be asked, when that ended it; told by the caller, who may know of it by itself.
    const Error* failure() const { return lost_ ? &*failure_ : nullptr; }

private:
    void work();
    bool take(std::string_view bytes);
    bool hand_over();
    bool is_allowed(const std::string& command);
    bool refuse();
    bool write(std::string_view bytes) const;
    void remember(const std::string& command);

    Client client_;
    api::CheckRequest check_;
    const bool goes_on_;
    std::atomic<bool> refused_ = false;
    std::atomic<bool> lost_ = false; // after failure_ was written, once
    std::optional<Error> failure_;
    int from_ = -1;
    Fd read_end_, write_end_;
    std::string pending_, history_;
};

} // namespace owhale::cli::shell
