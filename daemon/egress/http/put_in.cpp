#include "egress/http/put_in.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

#include "egress/http/scrub.hpp"
#include "egress/url_path.hpp"

namespace owhale::egress::http {
namespace {

using vault::RunSecret;

constexpr std::string_view kBasic = "Basic ";
constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

// "user:" of `Basic base64(user:placeholder)`, "" when it is something else.
std::string basic_user(std::string_view value, const std::string& placeholder) {
    if (value.size() < kBasic.size() || !same_name(value.substr(0, kBasic.size()), kBasic)) return {};
    const auto coded = value.substr(kBasic.size());
    std::string plain(coded.size(), '\0');
    std::size_t size = 0;
    auto* const out = reinterpret_cast<unsigned char*>(plain.data());
    if (::sodium_base642bin(out, plain.size(), coded.data(), coded.size(), nullptr, &size, nullptr, kVariant) != 0)
        return {};
    plain.resize(size);
    const auto colon = plain.find(':');
    if (colon == std::string::npos || plain.substr(colon + 1) != placeholder) return {};
    return plain.substr(0, colon + 1);
}

bool listed(const std::optional<std::vector<std::string>>& list, const auto& matches) {
    return !list || std::ranges::any_of(*list, matches);
}

// "" when it may go there, else why not.
std::string refusal(const RunSecret& secret, const Place& place) {
    const auto& target = place.target;
    if (!place.tls) return "would travel over plain HTTP";
    // In any case of letters: there are servers that do not mind it. TRACK is TRACE under another name.
    if (same_name(*target.method, "TRACE") || same_name(*target.method, "TRACK"))
        return "is asked for by TRACE, which echoes it";
    std::string why = "is not for " + target.host;
    for (const auto& host : secret.hosts) {
        if (host.host != target.host) continue;
        if (host.port != target.port)
            why = "is not for port " + std::to_string(target.port) + " of " + target.host;
        else if (!listed(host.methods, [&](const std::string& method) { return method == *target.method; }))
            why = "is not for the method " + *target.method;
        else if (!listed(host.paths, [&](const std::string& path) { return path_within(*target.path, path); }))
            why = "is not for the path " + *target.path;
        else
            return {};
    }
    return why;
}

bool fits_head(std::string_view value) {
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    return value.size() >= kShortestValue && value.front() != ' ' && value.back() != ' ' &&
           std::ranges::none_of(value, control);
}

SecretBytes joined(std::string_view first, std::string_view second) {
    SecretBytes both(first.size() + second.size());
    std::memcpy(both.data(), first.data(), first.size());
    std::memcpy(both.data() + first.size(), second.data(), second.size());
    return both;
}

SecretBytes basic(const std::string& user, std::string_view value) {
    const auto plain = joined(user, value);
    SecretBytes coded(sodium_base64_ENCODED_LEN(plain.size(), kVariant)); // with the NUL that is written behind it
    ::sodium_bin2base64(reinterpret_cast<char*>(coded.data()), coded.size(), plain.data(), plain.size(), kVariant);
    return joined(kBasic, coded.text().substr(0, coded.size() - 1));
}

Result<PutIn> open(const RunSecret& secret, const std::string& user) {
    if (!secret.open) return fail(Code::secret_denied, "the secret " + secret.name + " has no value here");
    auto raw = TRY(secret.open());
    if (!fits_head(raw.text()))
        return fail(Code::secret_denied, "the value of the secret " + secret.name + " cannot stand in a header",
                    "Set it anew: at least 4 bytes, without line ends and blanks around it.");
    auto value = user.empty() ? joined(secret.prefix, raw.text()) : basic(user, raw.text());
    return PutIn{secret.header, std::move(value), std::move(raw), &secret};
}

class Judge {
public:
    Judge(const RequestHead& head, const Place& place, const RunSecret& secret)
        : head_(head), place_(place), secret_(secret) {}

    Status into(Placeholders& all) {
        if (head_.target.find(secret_.placeholder) != std::string::npos) misplace(all, "stands in the URL");
        for (const auto& field : head_.fields.all()) CHECK(look(field, all));
        return {};
    }

private:
    Status look(const Field& field, Placeholders& all) {
        const auto user = secret_.prefix == kBasic ? basic_user(field.value, secret_.placeholder) : std::string();
        const bool whole = !user.empty() || field.value == secret_.prefix + secret_.placeholder;
        if (!whole && field.value.find(secret_.placeholder) == std::string::npos) return {};
        if (!same_name(field.name, secret_.header)) return misplace(all, "stands in the header " + field.name);
        if (!whole) return misplace(all, "is not the whole of the header " + field.name);
        if (head_.fields.count(field.name) != 1) return misplace(all, "stands in a header that is there twice");
        if (auto why = refusal(secret_, place_); !why.empty()) return misplace(all, std::move(why));
        all.put.push_back(TRY(open(secret_, user)));
        return {};
    }
    Status misplace(Placeholders& all, std::string why) {
        all.misplaced.push_back({&secret_, std::move(why)});
        return {};
    }

    const RequestHead& head_;
    const Place& place_;
    const RunSecret& secret_;
};

} // namespace

Result<Placeholders> put_in(const RequestHead& head, const Place& place, const sandbox::NetRun& run) {
    Placeholders all;
    for (const auto& secret : run.secrets)
        if (!secret.placeholder.empty()) CHECK(Judge(head, place, secret).into(all));
    return all;
}

bool has_secret_for(const sandbox::NetRun& run, const std::string& host) {
    return std::ranges::any_of(run.secrets, [&](const RunSecret& secret) {
        return std::ranges::find(secret.hosts, host, &api::SecretHost::host) != secret.hosts.end();
    });
}

} // namespace owhale::egress::http
