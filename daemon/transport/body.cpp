#include "transport/body.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace owhale::transport {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

class Reader final : public BodyReader {
public:
    explicit Reader(std::size_t limit) : limit_(limit) {
        parser_.header_limit(kMaxHead);
        parser_.body_limit(limit);
        parser_.eager(true);
    }

    Status begin(std::string_view head_text) {
        const auto used = put(head_text);
        if (!used) return std::unexpected(used.error());
        if (*used != head_text.size() || !parser_.is_header_done())
            return fail(Code::bad_request, "the request head is malformed");
        return {};
    }

    Result<std::size_t> feed(std::string_view bytes) override { return put(bytes); }
    bool done() const override { return parser_.is_done(); }
    std::string release() override { return std::move(parser_.get().body()); }

private:
    Result<std::size_t> put(std::string_view bytes) {
        error_code ec;
        const auto used = parser_.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
        if (!ec || ec == http::error::need_more) return used;
        if (ec == http::error::body_limit)
            return fail(Code::body_too_large, "the body is over " + std::to_string(limit_) + " bytes");
        return fail(Code::bad_request, "the request is malformed: " + ec.message());
    }

    std::size_t limit_;
    http::request_parser<http::string_body> parser_;
};

} // namespace

Result<std::unique_ptr<BodyReader>> BodyReader::begin(std::string_view head_text, std::size_t limit) {
    auto reader = std::make_unique<Reader>(limit);
    CHECK(reader->begin(head_text));
    return reader;
}

} // namespace owhale::transport
