// The broker's Landlock rules: which folders it may still open files in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale {

class Landlock {
public:
    // Opens the paths and makes the rules. With a kernel that has no Landlock, abi() is 0 and restrict_self() does nothing.
    // `connects`: TCP connections stay possible; ports to listen on do not.
    static Result<Landlock> prepare(const std::vector<std::string>& writable, const std::vector<std::string>& readable,
                                    bool connects);
    int abi() const { return abi_; }
    Status restrict_self() const;

private:
    explicit Landlock(int abi) : abi_(abi) {}
    Status allow(const std::string& path, std::uint64_t access) const;
    int abi_;
    std::uint64_t known_ = 0;
    Fd rules_;
};

} // namespace owhale
