// The JSON of every verb that takes one, and of what a client says in a channel: no crash, and what is read says the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include "shared/api.hpp"
#include "shared/api_approvals.hpp"
#include "shared/api_identity.hpp"
#include "shared/api_input.hpp"
#include "shared/api_network.hpp"
#include "shared/api_pairing.hpp"
#include "shared/api_profiles.hpp"
#include "shared/api_secrets.hpp"
#include "shared/api_workspaces.hpp"
#include "shared/codec.hpp"

using namespace owhale;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

using Bodies =
    std::tuple<api::RunRequest, api::ExecRequest, api::SignalRequest, api::KillRequest, api::CheckRequest,
               api::ApproveRequest, api::DenyRequest, api::DecideRequest, api::FreezeRequest, api::LoginRequest,
               api::PasswordRequest, api::StepUpRequest, api::TokenRequest, api::UserRequest, api::RolesRequest,
               api::InputRequest, api::HostAllowRequest, api::HostCheckRequest, api::PublishRequest, api::SecretRequest,
               api::SecretValue, api::WorkspaceRequest, api::ProfileCheckRequest, api::PairRequest, api::JoinRequest,
               api::JoinProof, api::ConfirmRequest, api::DeviceChange>;

template <typename T> void read(std::string_view text) {
    const auto first = codec::decode<T>(text);
    if (!first) return must(!first.error().message.empty());
    const auto written = codec::to_text(*first);
    const auto again = codec::decode<T>(std::string_view(written));
    must(again && codec::to_text(*again) == written);
}

template <std::size_t... I> void read_as(std::size_t which, std::string_view text, std::index_sequence<I...>) {
    ((which == I ? read<std::tuple_element_t<I, Bodies>>(text) : void()), ...);
}

} // namespace

// The first byte chooses the message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    constexpr auto count = std::tuple_size_v<Bodies>;
    read_as(data[0] % count, {reinterpret_cast<const char*>(data) + 1, size - 1}, std::make_index_sequence<count>());
    return 0;
}
