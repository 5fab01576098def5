#include <algorithm>
#include <cstring>

#include "shared/api.hpp"
#include "shared/codec.hpp"
#include "transport/exchange.hpp"

namespace owhale::transport {

Response problem(const Error& error, const api::Run* refused) {
    const auto& row = describe(error.code);
    api::Problem body;
    body.type = "about:blank";
    body.title = row.title;
    body.code = row.name;
    body.status = row.status;
    body.detail = error.message;
    if (error.errnum != 0) body.detail += std::string(": ") + ::strerror(error.errnum);
    if (!error.next.empty()) body.next = error.next;
    if (!error.step.empty()) body.step = error.step;
    if (refused != nullptr) {
        body.verdict = refused->verdict;
        body.run = refused->id;
        body.approval = refused->approval;
    }
    const bool later = error.code == Code::rate_limited || error.code == Code::busy;
    if (later) body.retry_after = std::max(error.retry_after, 1u);
    Response response{row.status, "application/problem+json", codec::to_text(body), {}};
    if (later) response.headers.emplace_back("Retry-After", std::to_string(*body.retry_after));
    if (row.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"owhaled\"");
    return response;
}

} // namespace owhale::transport
