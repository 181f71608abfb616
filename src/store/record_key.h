#pragma once
// The names of records, and the shard that each is kept in.

#include <span>
#include <string>
#include <string_view>

#include "store/record.h"

namespace coffer {

// A record's name: its kind, the parts of its key, and their hash under the store's secret key,
// whose first byte is the kind, so that the records of a kind lie together.
struct RecordKey {
    RecordKind kind = RecordKind::none;
    Hash16 hash{};
    std::string text;
    Shard shard = 0;
    friend bool operator==(const RecordKey&, const RecordKey&) = default;
};

struct KeyName {  // of a Key
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string_view player;
    KeyGroup group = KeyGroup::self;
    std::string_view external_id;
};
struct RoundName {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::uint64_t provider = 0;
    std::string_view player, id;
};

// Makes the keys of records. Copyable; usable from any thread.
//
// Where there are several shards, what is a player's own is kept in the player's home, and an alias
// in what would be the home of a player of that name, so that who looks for the one finds the
// other. Everything else is in shard 0.
class KeyMaker {
public:
    explicit KeyMaker(const SecretKey16& secret, Shard shards = 1)
        : secret_(secret), shards_(shards) {}
    Shard shards() const { return shards_; }
    // Where a player's records are kept: for ever, because a player's native id never changes.
    Shard home(TenantId tenant, std::string_view player) const;
    RecordKey tenant(TenantId id) const;
    RecordKey currency(CurrencyId id) const;
    RecordKey integration(IntegrationId id) const;
    RecordKey credential(std::string_view uid) const;
    // The key's text takes over the `memory`, where it is given, and overwrites what it says.
    RecordKey player(TenantId tenant, std::string_view id, std::string memory = {}) const;
    RecordKey alias(TenantId tenant, IntegrationId integration, std::uint64_t site,
                    std::string_view external_id, std::string memory = {}) const;
    // By the first 16 bytes. Kinds have spaces of their own: in the demo one text is two sessions.
    // A session's name does not say whose it is, nor does a promotion's: the key is of shard 0, and
    // whoever knows the player says where it is kept (kept_for).
    RecordKey session(SessionKind kind, const Digest& digest, std::string memory = {}) const;
    RecordKey session(SessionKind kind, std::span<const std::uint8_t, 16> name,
                      std::string memory = {}) const;
    RecordKey login(IntegrationId integration, std::string_view name) const;
    RecordKey promotion(TenantId tenant, std::string_view id) const;
    RecordKey withdrawal(Sequence requested_by) const;
    RecordKey settlement(Sequence withdrawal) const;
    RecordKey hot_wallet(std::uint64_t chain, std::string_view address) const;
    RecordKey withdrawal_policy(CurrencyId currency) const;
    RecordKey withdrawal_day(TenantId tenant, std::string_view player, CurrencyId currency) const;
    RecordKey deposit_root() const;
    RecordKey deposit_address(TenantId tenant, std::string_view player) const;
    RecordKey address_owner(std::string_view address) const;
    RecordKey deposit_watch(CurrencyId currency) const;
    RecordKey chain_deposit(const DepositName& name) const;
    RecordKey chain_pause(std::uint64_t chain) const;
    RecordKey withdrawal_retry(Sequence withdrawal) const;
    RecordKey chain_transfer(std::uint64_t chain, std::string_view from, std::uint64_t nonce) const;
    RecordKey wallet(TenantId tenant, std::string_view player, CurrencyId currency,
                     std::string memory = {}) const;
    RecordKey round(const RoundName& name, std::string memory = {}) const;
    RecordKey key(const KeyName& name, std::string memory = {}) const;
    // Whose the session or promotion of that key is.
    RecordKey locator(const RecordKey& of) const;
    RecordKey kept_for(RecordKey key, TenantId tenant, std::string_view player) const {
        key.shard = home(tenant, player);
        return key;
    }
    RecordKey of(const Record& record) const;            // the key of a record that is not absent
    RecordKey of(const Transaction& transaction) const;  // its own Key
    // Only the hash of the same keys; `scratch` is overwritten, and saves making a text each time.
    Hash16 hash_of(const Record& record, std::string& scratch) const;
    Hash16 hash_of(const Transaction& transaction, std::string& scratch) const;

private:
    RecordKey make(RecordKind kind, std::string text, Shard shard = 0) const;
    Hash16 hash(RecordKind kind, std::string_view text) const;
    SecretKey16 secret_;
    Shard shards_;
};

// The record of a Change under that key, its implied Key included; absent if it has none. A Key
// whose original is another record comes without its `transaction`.
Record find_in(const Change& change, const RecordKey& key, const KeyMaker& keys);

}  // namespace coffer
