// A seccomp program from rules by number: those of whole numbers become a tree (filter_tree.hpp), libseccomp makes those that
// look at arguments.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <seccomp.h>
#include <string>
#include <string_view>
#include <vector>

#include "spawner/filter_tree.hpp"
#include "spawner/seccomp.hpp"

namespace owhale::spawner {

inline constexpr int kNumbersTried = 600; // x86-64 and arm64 both end below 500 in Linux 6.18

class FilterBuilder {
public:
    explicit FilterBuilder(std::uint32_t fallback);

    // A name this libseccomp or this architecture lacks is no mistake: the kernel's number then falls to the fallback.
    template <typename... Cmp> void rule(std::uint32_t action, std::string_view name, Cmp... comparisons) {
        const int number = ::seccomp_syscall_resolve_name(std::string(name).c_str());
        if (number == __NR_SCMP_ERROR) return;
        rule_number(action, number, comparisons...);
    }
    // A second answer for a number has to be the same (EEXIST): none of the two was meant to be lost.
    template <typename... Cmp> void rule_number(std::uint32_t action, int number, Cmp... comparisons) {
        if (number < 0) return; // libseccomp's own for a call that this architecture has not
        if (!answer(number, sizeof...(Cmp) == 0 ? action : kAskOn)) return;
        if constexpr (sizeof...(Cmp) != 0) {
            const std::array<scmp_arg_cmp, sizeof...(Cmp)> array{comparisons...};
            keep(::seccomp_rule_add_array(context_.get(), action, number, sizeof...(Cmp), array.data()));
        }
    }

    // The first error of all rules, else the program.
    Result<Filter> finish(std::string name, std::vector<sock_filter> prelude);

private:
    bool answer(int number, std::uint32_t is);
    void keep(int result) {
        if (result < 0 && err_ == 0) err_ = -result;
    }
    std::unique_ptr<void, decltype(&::seccomp_release)> context_; // the rules that look at arguments
    std::array<std::uint32_t, kNumbersTried> answers_{};
    std::bitset<kNumbersTried> answered_;
    int err_ = 0;
};

} // namespace owhale::spawner
