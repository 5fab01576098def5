// A plan on its way to a jail that was made before it: what wait_in_jail does not know yet, as one packet with descriptors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

inline constexpr std::size_t kMaxPlanBytes = 128u << 10; // in one packet; what is larger is no plan for a prepared jail
inline constexpr std::size_t kMaxPlanFds = 200;          // likewise; the kernel takes 253

std::string pack_plan(const JailPlan& plan);
// In the order in which receive_plan takes them. Borrowed.
std::vector<int> plan_fds(const JailPlan& plan);
// In the jail: waits for it. Ids, network, host name and the channel are those of `from`. Null when the spawner is gone.
std::unique_ptr<JailPlan> receive_plan(const JailPlan& from);
// The same without the channel; null when it does not fit together.
std::unique_ptr<JailPlan> unpack_plan(const std::string& bytes, std::vector<Fd> fds, const JailPlan& from);

} // namespace owhale::spawner
