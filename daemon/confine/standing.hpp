// What the kernel says of this process: /proc/self/status, kept open so that it can be read after Landlock.
#pragma once

#include <map>
#include <string>

#include "base/fd.hpp"
#include "confine/confine.hpp"
#include "shared/error.hpp"

namespace owhale {

class Standing {
public:
    static Result<Standing> open();
    Status single_threaded() const;
    // All that confine() promises, re-read and, for files and sockets, tried.
    Status verify(const Confinement& to, int landlock_abi) const;

private:
    explicit Standing(Fd status) : status_(std::move(status)) {}
    Result<std::map<std::string, std::string>> fields() const;
    Fd status_;
};

} // namespace owhale
