#include "spawner/plan_bytes.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "sandbox/blob.hpp"
#include "spawner/channel.hpp"
#include "spawner/seccomp.hpp"

namespace owhale::spawner {
namespace {

// Whatever has no pointers goes as it lies in memory: both ends are the same program.
template <typename T> std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename T> bool take(const std::string& bytes, T& value) {
    if (bytes.size() != sizeof value) return false;
    std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
    return true;
}

struct Facts {
    bool tty, gated, daemon, ssh_agent, scope_abstract, has_box, has_in, has_out;
    std::uint16_t rows, cols;
    std::int32_t landlock_abi;
    std::uint32_t fail_step;
};

struct MountFacts {
    wire::MountKind kind;
    std::uint32_t flags;
    bool has_tree, is_file, landlock_write;
};

Facts facts_of(const JailPlan& plan) {
    Facts facts;
    std::memset(&facts, 0, sizeof facts);
    facts.tty = plan.tty;
    facts.gated = plan.gated;
    facts.daemon = plan.daemon;
    facts.ssh_agent = plan.ssh_agent;
    facts.scope_abstract = plan.scope_abstract;
    facts.has_box = static_cast<bool>(plan.box);
    facts.has_in = plan.in >= 0;
    facts.has_out = plan.out >= 0;
    facts.rows = plan.rows;
    facts.cols = plan.cols;
    facts.landlock_abi = plan.landlock_abi;
    facts.fail_step = plan.fail_step;
    return facts;
}

wire::List pack_mounts(const std::vector<MountOp>& mounts) {
    wire::List out;
    out.reserve(3 * mounts.size());
    for (const auto& op : mounts) {
        MountFacts facts;
        std::memset(&facts, 0, sizeof facts);
        facts.kind = op.kind;
        facts.flags = op.flags;
        facts.has_tree = static_cast<bool>(op.tree);
        facts.is_file = op.is_file;
        facts.landlock_write = op.landlock_write;
        out.push_back(raw(facts));
        out.push_back(op.source);
        out.push_back(op.target);
    }
    return out;
}

class Descriptors {
public:
    explicit Descriptors(std::vector<Fd> fds) : fds_(std::move(fds)) {}
    bool next(bool wanted, Fd& fd) {
        if (!wanted) return true;
        if (at_ == fds_.size()) return false;
        fd = std::move(fds_[at_++]);
        return true;
    }
    // Its number; it stays open.
    bool next(bool wanted, int& fd) {
        Fd owned;
        if (!next(wanted, owned)) return false;
        fd = owned.release();
        return true;
    }
    bool all_taken() const { return at_ == fds_.size(); }

private:
    std::vector<Fd> fds_;
    std::size_t at_ = 0;
};

bool unpack_mounts(JailPlan& plan, wire::List& list, Descriptors& fds) {
    if (list.size() % 3 != 0) return false;
    plan.mounts.resize(list.size() / 3);
    for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
        auto& op = plan.mounts[i];
        MountFacts facts;
        if (!take(list[3 * i], facts) || !fds.next(facts.has_tree, op.tree)) return false;
        op.kind = facts.kind;
        op.flags = facts.flags;
        op.is_file = facts.is_file;
        op.landlock_write = facts.landlock_write;
        op.source = std::move(list[3 * i + 1]);
        op.target = std::move(list[3 * i + 2]);
    }
    return true;
}

bool unpack_approved(JailPlan& plan, wire::List& list) {
    if (list.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < list.size(); i += 2) {
        ApprovedFile file;
        if (!take(list[i + 1], file.digest)) return false;
        file.path = std::move(list[i]);
        plan.approved.push_back(std::move(file));
    }
    return true;
}

template <typename T> bool unpack_each(const wire::List& list, std::vector<T>& out) {
    out.resize(list.size());
    for (std::size_t i = 0; i < list.size(); ++i)
        if (!take(list[i], out[i])) return false;
    return true;
}

template <typename T> wire::List pack_each(const std::vector<T>& all) {
    wire::List out;
    for (const auto& one : all) out.push_back(raw(one));
    return out;
}

void point_at(std::vector<std::string>& texts, std::vector<char*>& pointers) {
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
}

struct Limit { // std::pair is not told to be laid out in any way
    int resource;
    rlimit limit;
};

} // namespace

std::string pack_plan(const JailPlan& plan) {
    std::vector<Limit> limits;
    for (const auto& [resource, limit] : plan.rlimits) {
        Limit one;
        std::memset(&one, 0, sizeof one);
        one.resource = resource;
        one.limit = limit;
        limits.push_back(one);
    }
    wire::List approved;
    for (const auto& file : plan.approved) {
        approved.push_back(file.path);
        approved.push_back(raw(file.digest));
    }
    return wire::pack({{raw(facts_of(plan)), plan.program, plan.cwd, plan.filter->name},
                       plan.argv,
                       plan.env,
                       pack_mounts(plan.mounts),
                       std::move(approved),
                       pack_each(limits),
                       pack_each(plan.cpus)});
}

std::vector<int> plan_fds(const JailPlan& plan) {
    std::vector<int> fds;
    for (const auto& op : plan.mounts)
        if (op.tree) fds.push_back(op.tree.get());
    if (plan.box) fds.push_back(plan.box.get());
    for (const int fd : {plan.in, plan.out, plan.err})
        if (fd >= 0) fds.push_back(fd);
    return fds;
}

std::unique_ptr<JailPlan> unpack_plan(const std::string& bytes, std::vector<Fd> all, const JailPlan& from) {
    auto lists = wire::unpack(bytes, 7);
    Facts facts;
    if (!lists || (*lists)[0].size() != 4 || !take((*lists)[0][0], facts)) return {};
    auto plan = std::make_unique<JailPlan>();
    plan->uid = from.uid;
    plan->gid = from.gid;
    plan->groups = from.groups;
    plan->set_groups = from.set_groups;
    plan->net_host = from.net_host;
    plan->scoped = from.scoped;
    plan->hostname = from.hostname;
    plan->setup = from.setup;
    plan->report = from.report;
    plan->warden_filter = from.warden_filter;
    plan->filter = find_filter((*lists)[0][3]);
    plan->tty = facts.tty;
    plan->gated = facts.gated;
    plan->daemon = facts.daemon;
    plan->ssh_agent = facts.ssh_agent;
    plan->scope_abstract = facts.scope_abstract;
    plan->rows = facts.rows;
    plan->cols = facts.cols;
    plan->landlock_abi = facts.landlock_abi;
    plan->fail_step = facts.fail_step;
    plan->program = std::move((*lists)[0][1]);
    plan->cwd = std::move((*lists)[0][2]);
    plan->argv = std::move((*lists)[1]);
    plan->env = std::move((*lists)[2]);
    point_at(plan->argv, plan->argv_p);
    point_at(plan->env, plan->env_p);
    Descriptors fds(std::move(all));
    std::vector<Limit> limits;
    const bool fits = unpack_mounts(*plan, (*lists)[3], fds) && unpack_approved(*plan, (*lists)[4]) &&
                      unpack_each((*lists)[5], limits) && unpack_each((*lists)[6], plan->cpus) &&
                      fds.next(facts.has_box, plan->box) && fds.next(facts.has_in, plan->in) &&
                      fds.next(facts.has_out, plan->out) && fds.next(facts.has_out, plan->err) && fds.all_taken();
    if (!fits || plan->filter == nullptr || plan->warden_filter == nullptr) return {};
    for (const auto& one : limits) plan->rlimits.emplace_back(one.resource, one.limit);
    return plan;
}

std::unique_ptr<JailPlan> receive_plan(const JailPlan& from) {
    static std::array<char, kMaxPlanBytes> bytes;
    std::size_t size = 0;
    auto fds = receive_into(from.setup, bytes.data(), bytes.size(), size);
    if (!fds || size == 0) return {};
    return unpack_plan({bytes.data(), size}, std::move(*fds), from);
}

} // namespace owhale::spawner
