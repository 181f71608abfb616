#include "app/config_chain.h"

#include <algorithm>
#include <filesystem>

namespace coffer {
namespace {

constexpr std::int64_t gwei = 1'000'000'000;
constexpr std::int64_t seconds_max = 30 * 86'400;

std::string absolute_path(const std::string& folder, const std::string& path) {
    if (path.empty()) return path;
    return (std::filesystem::path(folder) / path).lexically_normal().string();
}

bool is_url(const std::string& text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

// An amount of whole gwei, as the chain counts it.
void gwei_of(ConfigSection& section, std::string_view key, Uint256& value) {
    std::int64_t whole = static_cast<std::int64_t>(divide(value, gwei).first.limbs[0]);
    section.integer(key, whole, 0, 1'000'000'000);
    value = Uint256{static_cast<Uint128>(whole) * static_cast<Uint128>(gwei)};
}

void seconds_of(ConfigSection& section, std::string_view key, Duration& value, std::int64_t min) {
    std::int64_t whole = value / second_us;
    section.integer(key, whole, min, seconds_max);
    value = whole * second_us;
}

ChainOptions read_chain(const TomlNode* block, const std::string& folder, ConfigNotes& notes) {
    ConfigSection section(block, "chain", notes);
    ChainOptions chain;
    ChainPolicy& policy = chain.policy;
    section.text("name", policy.name);
    section.integer("chain_id", policy.chain_id, 1, INT64_MAX);
    section.texts("urls", chain.urls);
    section.integer("timeout_ms", chain.timeout_ms, 100, 600'000);
    section.text("ca_file", chain.ca_file);
    section.integer("look_every_ms", chain.look_every_ms, 10, 600'000);
    section.integer("confirmations", policy.confirmations, 1, 100'000);
    section.boolean("wait_for_finalized", policy.wait_for_finalized);
    gwei_of(section, "max_fee_gwei", policy.max_fee_cap);
    gwei_of(section, "tip_gwei", policy.tip_min);
    seconds_of(section, "stuck_after_s", policy.stuck_after, 1);
    seconds_of(section, "give_up_after_s", policy.give_up_after, 0);
    seconds_of(section, "late_after_s", policy.late_after, 1);
    seconds_of(section, "lease_s", policy.lease, 1);
    section.integer("under_way_max", policy.under_way_max, 1, 1'000);
    section.integer("deposit_blocks_max", policy.deposit_blocks_max, 1, 100'000);
    section.finish();
    if (block == nullptr) return chain;
    if (policy.name.empty()) section.mistake("name", "chain.name is missing");
    if (policy.chain_id == 0) section.mistake("chain_id", "chain.chain_id is missing");
    if (chain.urls.empty()) section.mistake("urls", "chain.urls is empty: name a node");
    // Without their words, since there may be a key in them.
    if (!std::ranges::all_of(chain.urls, is_url)) {
        section.mistake("urls", "chain.urls has one that is neither http:// nor https://");
    }
    chain.ca_file = absolute_path(folder, chain.ca_file);
    return chain;
}

// The chain that a block names.
ChainOptions* chain_of(ConfigSection& section, const TomlNode* block,
                       std::vector<ChainOptions>& chains) {
    std::string name;
    section.text("chain", name);
    const auto found = std::ranges::find_if(
        chains, [&](const ChainOptions& chain) { return chain.policy.name == name; });
    if (found != chains.end()) return &*found;
    if (block != nullptr) {
        section.mistake("chain", "there is no [[chain]] whose name is \"" + name + "\"");
    }
    return nullptr;
}

void read_token(const TomlNode* block, std::vector<ChainOptions>& chains, ConfigNotes& notes) {
    ConfigSection section(block, "token", notes);
    ChainOptions* const chain = chain_of(section, block, chains);
    TokenOnChain token;
    std::string contract, sweep_above;
    std::int64_t gas_limit = 0, decimals = -1, deposits_from = -1;
    section.text("tenant", token.tenant);
    section.text("currency", token.code);
    section.text("contract", contract);
    section.integer("gas_limit", gas_limit, 0, 30'000'000);
    section.integer("decimals", decimals, -1, 77);
    section.boolean("deposits", token.takes_deposits);
    section.integer("deposits_from_block", deposits_from, -1, INT64_MAX);
    section.text("sweep_above", sweep_above);
    section.finish();
    if (block == nullptr || chain == nullptr) return;
    if (token.tenant.empty()) section.mistake("tenant", "token.tenant is missing");
    if (token.code.empty()) section.mistake("currency", "token.currency is missing");
    if (!contract.empty()) {
        token.contract = parse_chain_address(contract);
        if (!token.contract) {
            section.mistake("contract", "token.contract is no address, or its checksum is wrong");
        }
    }
    const std::uint64_t usual = contract.empty() ? 21'000 : token.gas_limit;
    token.gas_limit = gas_limit == 0 ? usual : static_cast<std::uint64_t>(gas_limit);
    if (token.gas_limit < 21'000) {
        section.mistake("gas_limit", "token.gas_limit is below 21000, which every transfer takes");
    }
    if (decimals >= 0) token.decimals = static_cast<std::uint8_t>(decimals);
    if (deposits_from >= 0) token.deposits_from = static_cast<std::uint64_t>(deposits_from);
    if (!sweep_above.empty()) {
        const auto amount = parse_amount(sweep_above, scale_max);
        if (!amount || !amount->is_positive()) {
            section.mistake("sweep_above", "token.sweep_above is no amount above 0, such as 25.00");
        }
        token.sweep_above = std::move(sweep_above);
    }
    chain->policy.tokens.push_back(std::move(token));
}

void read_hot_wallet(const TomlNode* block, const std::string& folder,
                     std::vector<ChainOptions>& chains, ConfigNotes& notes) {
    ConfigSection section(block, "hot_wallet", notes);
    ChainOptions* const chain = chain_of(section, block, chains);
    HotWalletOptions wallet;
    section.text("keystore", wallet.keystore_file);
    section.text("password_file", wallet.password_file);
    section.text("key_environment", wallet.key_environment);
    section.text("signer_url", wallet.signer_url);
    section.text("address", wallet.address);
    section.finish();
    if (block == nullptr || chain == nullptr) return;
    const int ways = (wallet.keystore_file.empty() ? 0 : 1) +
                     (wallet.key_environment.empty() ? 0 : 1) + (wallet.signer_url.empty() ? 0 : 1);
    if (ways != 1) {
        section.mistake("", "a hot wallet has one of keystore, key_environment and signer_url");
    }
    if (wallet.keystore_file.empty() != wallet.password_file.empty()) {
        section.mistake("keystore", "hot_wallet.keystore and password_file come together");
    }
    if (!wallet.signer_url.empty() && !is_url(wallet.signer_url)) {
        section.mistake("signer_url", "hot_wallet.signer_url is neither http:// nor https://");
    }
    if (wallet.signer_url.empty() != wallet.address.empty() ||
        (!wallet.address.empty() && !parse_chain_address(wallet.address))) {
        section.mistake("address", "hot_wallet.address goes with signer_url: 0x and 40 digits");
    }
    wallet.keystore_file = absolute_path(folder, wallet.keystore_file);
    wallet.password_file = absolute_path(folder, wallet.password_file);
    chain->hot_wallets.push_back(std::move(wallet));
}

// The blocks of that name; where there is none a null one, so that its keys are known to exist.
std::vector<const TomlNode*> blocks_of(ConfigSection& top, std::string_view name) {
    std::vector<const TomlNode*> blocks = top.tables(name);
    if (blocks.empty()) blocks.push_back(nullptr);
    return blocks;
}

}  // namespace

std::vector<ChainOptions> read_chains(ConfigSection& top, const std::string& folder,
                                      ConfigNotes& notes) {
    std::vector<ChainOptions> chains;
    for (const TomlNode* block : blocks_of(top, "chain")) {
        ChainOptions chain = read_chain(block, folder, notes);
        if (block == nullptr) continue;
        const bool twice = std::ranges::any_of(chains, [&](const ChainOptions& other) {
            return other.policy.name == chain.policy.name;
        });
        if (twice) {
            ConfigSection(block, "chain", notes)
                .mistake("name", "two [[chain]] blocks are named " + chain.policy.name);
        }
        chains.push_back(std::move(chain));
    }
    for (const TomlNode* block : blocks_of(top, "token")) read_token(block, chains, notes);
    for (const TomlNode* block : blocks_of(top, "hot_wallet")) {
        read_hot_wallet(block, folder, chains, notes);
    }
    for (const ChainOptions& chain : chains) {
        const std::string of = "chain \"" + chain.policy.name + "\" ";
        if (chain.hot_wallets.empty()) top.mistake("chain", of + "has no [[hot_wallet]]");
        if (chain.policy.tokens.empty()) top.mistake("chain", of + "has no [[token]]");
    }
    return chains;
}

DepositOptions read_deposits(const TomlNode* table, const std::string& folder, ConfigNotes& notes) {
    ConfigSection section(table, "deposits", notes);
    DepositOptions deposits;
    section.text("keystore", deposits.keystore_file);
    section.text("password_file", deposits.password_file);
    section.text("seed_environment", deposits.seed_environment);
    section.finish();
    if (deposits.keystore_file.empty() != deposits.password_file.empty()) {
        section.mistake("keystore", "deposits.keystore and password_file come together");
    }
    if (!deposits.keystore_file.empty() && !deposits.seed_environment.empty()) {
        section.mistake("", "the seed of deposits is in a keystore or in the environment");
    }
    deposits.keystore_file = absolute_path(folder, deposits.keystore_file);
    deposits.password_file = absolute_path(folder, deposits.password_file);
    return deposits;
}

}  // namespace coffer
