#include "egress/ssh/known_hosts.hpp"

#include "base/clock.hpp"
#include "store/statements.hpp"

namespace owhale::egress::ssh {
namespace {

class Stored final : public KnownHosts {
public:
    explicit Stored(store::Database& database) : statements_(database) {}
    Result<bool> knows(const std::string& principal, const std::string& fingerprint) override {
        auto* find = TRY(statements_.use("SELECT 1 FROM ssh_hosts WHERE principal = ?1 AND fingerprint = ?2"));
        auto row = find->with(principal, fingerprint);
        return row.next();
    }
    Status add(const std::string& principal, const std::string& fingerprint, const std::string& by) override {
        auto* insert = TRY(statements_.use("INSERT OR IGNORE INTO ssh_hosts (principal, fingerprint, first, by) "
                                           "VALUES (?1, ?2, ?3, ?4)"));
        return insert->with(principal, fingerprint, wall_clock_us(), by).run();
    }

private:
    store::Statements statements_;
};

} // namespace

std::shared_ptr<KnownHosts> known_hosts(store::Database& database) {
    return std::make_shared<Stored>(database);
}

} // namespace owhale::egress::ssh
