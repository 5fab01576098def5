// The cgroup v2 folder below which runs get theirs: in the unit's own delegated one under systemd, else one of our own.
#pragma once

#include <string>

namespace owhale {

class RunCgroup {
public:
    // Moves the caller into a leaf of its own, so that controllers can be handed down. Without a v2 hierarchy, or the
    // right to write to it, path() stays empty.
    explicit RunCgroup(bool rootless);
    ~RunCgroup();
    RunCgroup(const RunCgroup&) = delete;
    RunCgroup& operator=(const RunCgroup&) = delete;

    const std::string& path() const { return runs_; }
    // Ends every process of every run, and removes what they leave.
    void kill_all() const;

private:
    std::string base_, runs_;
    bool own_base_ = false; // we made it, we remove it
};

} // namespace owhale
