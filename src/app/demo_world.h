#pragma once
// The fixed world of `coffer demo`: one tenant, six ways in, four players and as many more for load
// as asked for. docs/DEMO.md shows it; nothing below this floor knows it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "ledger/ledger.h"
#include "store/store.h"

namespace coffer {

// What examples and tests name. Secrets are public: that is what a demonstration is for.
namespace demo {
inline constexpr std::string_view tenant_uid = "d0000000-0000-4000-8000-000000000001";
inline constexpr std::string_view operator_uid = "d0000000-0000-4000-8000-0000000000a1";
inline constexpr std::string_view integrator_uid = "d0000000-0000-4000-8000-0000000000a2";
inline constexpr std::string_view rgs_uid = "d0000000-0000-4000-8000-0000000000a3";
inline constexpr std::string_view sverse_uid = "d0000000-0000-4000-8000-0000000000a4";
inline constexpr std::string_view kgen_uid = "d0000000-0000-4000-8000-0000000000a5";

inline constexpr std::string_view operator_secret = "demo-operator-secret";
inline constexpr std::string_view integrator_id = "demo-integrator";
inline constexpr std::string_view integrator_secret = "demo-integrator-secret";
inline constexpr std::string_view integrator_signing_key = "demo-integrator-signing-key";
inline constexpr std::string_view rgs_token = "demo-rgs-token";
inline constexpr std::string_view rgs_player_token = "demo-player-token";
inline constexpr std::string_view rgs_game = "b23e45a7-9be8-d312-56a4-174000426614";
inline constexpr std::string_view sverse_key = "demo-sverse-key";
inline constexpr std::string_view sverse_server_key = "demo-sverse-server-key";
inline constexpr std::string_view kgen_id = "demo-kgen";
inline constexpr std::string_view kgen_secret = "demo-kgen-secret";
inline constexpr std::string_view kgen_signing_key = "demo-kgen-signing-key";
inline constexpr std::string_view install_key = "demo-install-key";
inline constexpr std::string_view admin_key = "demo-admin-key";
inline constexpr std::string_view read_key = "demo-read-key";

inline constexpr std::string_view alice = "123e4567-e89b-12d3-a456-426614174000";
inline constexpr std::string_view bob = "223e4567-e89b-12d3-a456-426614174000";
inline constexpr std::string_view carol = "323e4567-e89b-12d3-a456-426614174000";
inline constexpr std::string_view dave = "423e4567-e89b-12d3-a456-426614174000";

inline constexpr std::string_view alice_launch_token = "3dc8fe01-2018-486e-9632-35aef21028a5";
inline constexpr std::string_view alice_rgs_session = "1c4f1d6d-5e37-4a8f-e642-def88a3b4749";
inline constexpr std::string_view alice_sverse_session = "9d7b6121-30d3-44cf-8b4f-c00e2f4f016e";

// The chain of anvil and hardhat, whose keys are printed when they start: the first account pays
// withdrawals, and the tenth is a player's own. A token that the tenth makes before anything else
// has this address. The seed of deposit addresses is the demo's own.
inline constexpr std::uint64_t chain_id = 31'337;
inline constexpr std::string_view chain_key =
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
inline constexpr std::string_view chain_payer = "0xa0ee7a142d267c1f36714e4a8f75612f20a79720";
inline constexpr std::string_view chain_token = "0x700b6a60ce7eaaea56f065753d8dcb9653dbad35";
inline constexpr std::string_view deposit_seed = "c0ffe4c0ffe4c0ffe4c0ffe4c0ffe4c0";
}  // namespace demo

// The native id, the integrator token and the rgs session of load player i, from 1 on.
std::string load_player_id(std::uint64_t index);

// The parts of the house that filling needs. `stop_asked` is looked at between steps, so that a
// long filling can be interrupted; what is missing then is made at the next start.
struct DemoSite {
    const Reader& store;
    Ledger& ledger;
    const MasterKey& master_key;
    std::function<bool()> stop_asked;
};

// Makes of the world what is not there yet and opens again the sessions that should live. Every
// step is found done when it was done, so that a filling that a crash cut short is completed, and
// nothing is granted twice. Books that hold something else are refused.
Result<void> fill_demo(const DemoSite& site);
Result<void> fill_demo_players(const DemoSite& site, std::uint64_t players);  // demo_players.cc

}  // namespace coffer
