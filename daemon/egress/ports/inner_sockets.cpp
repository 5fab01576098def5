#include "egress/ports/inner_sockets.hpp"

namespace owhale::egress {

using boost::asio::awaitable;

awaitable<Result<Fd>> InnerSockets::take(int family) {
    if (!make_) co_return fail(Code::unsupported, "this owhaled cannot reach into runs");
    if (kept_[family].empty()) {
        auto made = co_await make_(run_, static_cast<std::uint32_t>(wire::kMaxInner), family);
        if (!made) co_return std::unexpected(made.error());
        for (auto& socket : *made) kept_[family].push_back(std::move(socket));
    }
    auto& kept = kept_[family];
    if (kept.empty()) co_return fail(Code::internal, "the spawner gave no socket");
    auto out = std::move(kept.back());
    kept.pop_back();
    co_return std::move(out);
}

} // namespace owhale::egress
