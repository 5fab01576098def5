// The audit log's tree heads in a file that the broker cannot reach: root's (rootless: one's own), and growing only.
//
//   # owhaled heads 1 <origin> <vkey>
//   <size> <root, base64> <RFC 3339 time>
//
// Lines that are not of this form, as a power cut leaves them, are passed over. Nothing waits for the disk: a cut can cost
// the newest heads, and an older one raises no false alarm, since the log itself is on disk before its head is told.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"

namespace owhale::spawner {

class Heads {
public:
    // Opens or makes it; its folder exists. Never fails as a whole: found().err says why no head is kept. What lies on a
    // read-only disk is read all the same.
    static Heads open(const std::string& path, bool rootless);
    // As it is now, the heads kept since included.
    const wire::HeadFile& found() const { return found_; }
    // The errno of wire::AuditHeadKept. What only a broker that lies asks for is told on stderr, each kind once.
    std::int32_t keep(const wire::AuditHead& head);

private:
    std::int32_t take(const std::string& path, bool rootless);
    std::int32_t read();
    std::int32_t judge(const wire::AuditHead& head) const;
    std::int32_t write(const wire::AuditHead& head);
    void tell(std::int32_t err);

    Fd file_;
    wire::HeadFile found_{};
    bool writable_ = false;
    bool torn_ = false;           // the file does not end with a whole line
    bool ended_ = false;          // the last one has been kept
    std::int64_t not_before_ = 0; // CLOCK_MONOTONIC, ns
    bool told_shorter_ = false, told_other_ = false;
};

} // namespace owhale::spawner
