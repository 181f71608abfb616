// The names of records, and what a Change holds under a name.

#include "store/record_key.h"

#include "base/check.h"
#include "store/bytes.h"

namespace coffer {

namespace {

// The longest keys, of a player with an external id of 87 bytes, take one allocation.
constexpr std::size_t text_bytes_usual = 160;

// The text of a key: the kind, then the parts, each of which says where it ends, so that no two
// names give one text.
class KeyText {
public:
    KeyText(std::string& out, RecordKind kind) : writer_(cleared(out), text_bytes_usual) {
        writer_.byte(static_cast<std::uint8_t>(kind));
    }
    template <class Number>
    KeyText& number(Number value) {
        writer_.number(value);
        return *this;
    }
    KeyText& text(std::string_view value) {
        writer_.number(std::uint64_t{value.size()});
        writer_.raw(value.data(), value.size());
        return *this;
    }

private:
    static std::string& cleared(std::string& out) {
        out.clear();
        return out;
    }
    ByteWriter writer_;
};

void write_wallet(std::string& out, TenantId tenant, std::string_view player, CurrencyId currency) {
    KeyText(out, RecordKind::wallet).number(tenant).text(player).number(currency);
}
void write_round(std::string& out, const RoundName& name) {
    KeyText(out, RecordKind::round)
        .number(name.tenant)
        .number(name.integration)
        .number(name.provider)
        .text(name.player)
        .text(name.id);
}
void write_key(std::string& out, const KeyName& name) {
    KeyText(out, RecordKind::key)
        .number(name.tenant)
        .number(name.integration)
        .text(name.player)
        .number(static_cast<std::uint8_t>(name.group))
        .text(name.external_id);
}
void write_number(std::string& out, RecordKind kind, std::uint64_t number) {
    KeyText(out, kind).number(number);
}
void write_named(std::string& out, RecordKind kind, std::uint32_t owner, std::string_view name) {
    KeyText(out, kind).number(owner).text(name);
}
void write_alias(std::string& out, IntegrationId integration, std::uint64_t site,
                 std::string_view id) {
    KeyText(out, RecordKind::alias).number(integration).number(site).text(id);
}
void write_session(std::string& out, SessionKind kind, std::span<const std::uint8_t, 16> name) {
    KeyText(out, RecordKind::session).number(static_cast<std::uint8_t>(kind)).text(view(name));
}

void write_hot_wallet(std::string& out, std::uint64_t chain, std::string_view address) {
    KeyText(out, RecordKind::hot_wallet).number(chain).text(address);
}

void write_day(std::string& out, TenantId tenant, std::string_view player, CurrencyId currency) {
    KeyText(out, RecordKind::withdrawal_day).number(tenant).text(player).number(currency);
}

void write_of_text(std::string& out, RecordKind kind, std::string_view text) {
    KeyText(out, kind).text(text);
}
void write_deposit(std::string& out, const DepositName& name) {
    KeyText(out, RecordKind::chain_deposit)
        .number(name.chain)
        .text(view(name.transaction))
        .number(name.log_index);
}

void write_transfer(std::string& out, std::uint64_t chain, std::string_view from,
                    std::uint64_t nonce) {
    KeyText(out, RecordKind::chain_transfer).number(chain).text(from).number(nonce);
}

// The texts of whole records.
struct WriteText {
    std::string& out;

    void operator()(std::monostate) const { CHECK(false && "an absent record has no key"); }
    void operator()(const Ptr<Tenant>& tenant) const {
        write_number(out, RecordKind::tenant, tenant->id);
    }
    void operator()(const Ptr<Currency>& currency) const {
        write_number(out, RecordKind::currency, currency->id);
    }
    void operator()(const Ptr<Integration>& integration) const {
        write_number(out, RecordKind::integration, integration->id);
    }
    void operator()(const Ptr<Credential>& credential) const {
        write_named(out, RecordKind::credential, 0, credential->uid);
    }
    void operator()(const Ptr<Player>& player) const {
        write_named(out, RecordKind::player, player->tenant, player->id);
    }
    void operator()(const Ptr<Alias>& alias) const {
        write_alias(out, alias->integration, alias->site, alias->external_id);
    }
    void operator()(const Ptr<Session>& session) const {
        write_session(out, session->kind, std::span(session->digest).first<16>());
    }
    void operator()(const Ptr<Login>& login) const {
        write_named(out, RecordKind::login, login->integration, login->name);
    }
    void operator()(const Ptr<Promotion>& promotion) const {
        write_named(out, RecordKind::promotion, promotion->tenant, promotion->id);
    }
    void operator()(const Ptr<Withdrawal>& withdrawal) const {
        write_number(out, RecordKind::withdrawal, withdrawal->requested_by);
    }
    void operator()(const Ptr<Wallet>& wallet) const {
        write_wallet(out, wallet->tenant, wallet->player, wallet->currency);
    }
    void operator()(const Ptr<Round>& round) const {
        write_round(out,
                    {round->tenant, round->integration, round->provider, round->player, round->id});
    }
    void operator()(const Ptr<Settlement>& settlement) const {
        write_number(out, RecordKind::settlement, settlement->withdrawal);
    }
    void operator()(const Ptr<HotWallet>& hot_wallet) const {
        write_hot_wallet(out, hot_wallet->chain, hot_wallet->address);
    }
    void operator()(const Ptr<WithdrawalPolicy>& policy) const {
        write_number(out, RecordKind::withdrawal_policy, policy->currency);
    }
    void operator()(const Ptr<WithdrawalDay>& day) const {
        write_day(out, day->tenant, day->player, day->currency);
    }
    void operator()(const Ptr<DepositRoot>&) const {
        write_number(out, RecordKind::deposit_root, 0);
    }
    void operator()(const Ptr<DepositAddress>& address) const {
        write_named(out, RecordKind::deposit_address, address->tenant, address->player);
    }
    void operator()(const Ptr<AddressOwner>& owner) const {
        write_of_text(out, RecordKind::address_owner, owner->address);
    }
    void operator()(const Ptr<DepositWatch>& watch) const {
        write_number(out, RecordKind::deposit_watch, watch->currency);
    }
    void operator()(const Ptr<ChainDeposit>& deposit) const {
        write_deposit(out, {deposit->chain, deposit->transaction, deposit->log_index});
    }
    void operator()(const Ptr<ChainTransfer>& transfer) const {
        write_transfer(out, transfer->chain, transfer->from, transfer->nonce);
    }
    void operator()(const Ptr<ChainPause>& pause) const {
        write_number(out, RecordKind::chain_pause, pause->chain);
    }
    void operator()(const Ptr<WithdrawalRetry>& retry) const {
        write_number(out, RecordKind::withdrawal_retry, retry->withdrawal);
    }
    void operator()(const Ptr<Locator>& locator) const {
        write_of_text(out, RecordKind::locator, locator->name);
    }
    void operator()(const Ptr<Key>& key) const {
        write_key(out, {key->tenant, key->integration, key->player, key->group, key->external_id});
    }
};

// The shards of whole records.
struct HomeOf {
    const KeyMaker& keys;

    Shard operator()(const Ptr<Player>& player) const {
        return keys.home(player->tenant, player->id);
    }
    Shard operator()(const Ptr<Alias>& alias) const {
        return keys.home(alias->tenant, alias->external_id);
    }
    Shard operator()(const Ptr<Session>& session) const {
        return session->player.empty() ? 0 : keys.home(session->tenant, session->player);
    }
    Shard operator()(const Ptr<Promotion>& promotion) const { return of_player(*promotion); }
    Shard operator()(const Ptr<Wallet>& wallet) const { return of_player(*wallet); }
    Shard operator()(const Ptr<Round>& round) const { return of_player(*round); }
    Shard operator()(const Ptr<Key>& key) const { return of_player(*key); }
    template <class Other>
    Shard operator()(const Other&) const {
        return 0;
    }

private:
    template <class Owned>
    Shard of_player(const Owned& owned) const {
        return keys.home(owned.tenant, owned.player);
    }
};

// The id under which a transaction is found: its sequence number if it came without one.
std::string own_id(const Transaction& transaction) {
    return transaction.group == KeyGroup::self ? std::to_string(transaction.sequence)
                                               : transaction.external_id;
}

void write_key(std::string& out, const Transaction& transaction) {
    const std::string id = own_id(transaction);
    write_key(out, KeyName{transaction.tenant, transaction.integration, transaction.player,
                           transaction.group, id});
}

template <class... Parts>
std::string text_of(void (*write)(std::string&, Parts...), std::type_identity_t<Parts>... parts) {
    std::string text;
    write(text, parts...);
    return text;
}

KeyState state_of(TransactionStatus status) {
    switch (status) {
        case TransactionStatus::applied: return KeyState::applied;
        case TransactionStatus::refused: return KeyState::refused;
        case TransactionStatus::tombstone: return KeyState::tombstone;
    }
    CHECK(false && "a status that is none");
    return KeyState::applied;
}

Record implied_key(const Change& change) {
    const Transaction& transaction = *change.transaction;
    auto key = std::make_shared<Key>();
    key->tenant = transaction.tenant;
    key->integration = transaction.integration;
    key->player = transaction.player;
    key->group = transaction.group;
    key->external_id = own_id(transaction);
    key->state = state_of(transaction.status);
    key->original = change.sequence;
    key->transaction = change.transaction;
    return key;
}

}  // namespace

Hash16 KeyMaker::hash(RecordKind kind, std::string_view text) const {
    Hash16 hash = keyed_hash(secret_, text);
    hash[0] = static_cast<std::uint8_t>(kind);
    return hash;
}

RecordKey KeyMaker::make(RecordKind kind, std::string text, Shard shard) const {
    const Hash16 hash = this->hash(kind, text);
    return {kind, hash, std::move(text), shard};
}

Shard KeyMaker::home(TenantId tenant, std::string_view player) const {
    if (shards_ == 1) return 0;
    std::string text;
    write_named(text, RecordKind::none, tenant, player);
    const Hash16 hash = keyed_hash(secret_, text);
    return static_cast<Shard>((hash[14] << 8 | hash[15]) % shards_);
}

RecordKey KeyMaker::tenant(TenantId id) const {
    return make(RecordKind::tenant, text_of(write_number, RecordKind::tenant, id));
}
RecordKey KeyMaker::currency(CurrencyId id) const {
    return make(RecordKind::currency, text_of(write_number, RecordKind::currency, id));
}
RecordKey KeyMaker::integration(IntegrationId id) const {
    return make(RecordKind::integration, text_of(write_number, RecordKind::integration, id));
}
RecordKey KeyMaker::credential(std::string_view uid) const {
    return make(RecordKind::credential, text_of(write_named, RecordKind::credential, 0, uid));
}
RecordKey KeyMaker::player(TenantId tenant, std::string_view id, std::string memory) const {
    write_named(memory, RecordKind::player, tenant, id);
    return make(RecordKind::player, std::move(memory), home(tenant, id));
}
RecordKey KeyMaker::alias(TenantId tenant, IntegrationId integration, std::uint64_t site,
                          std::string_view external_id, std::string memory) const {
    write_alias(memory, integration, site, external_id);
    return make(RecordKind::alias, std::move(memory), home(tenant, external_id));
}
RecordKey KeyMaker::session(SessionKind kind, const Digest& digest, std::string memory) const {
    return session(kind, std::span(digest).first<16>(), std::move(memory));
}
RecordKey KeyMaker::session(SessionKind kind, std::span<const std::uint8_t, 16> name,
                            std::string memory) const {
    write_session(memory, kind, name);
    return make(RecordKind::session, std::move(memory));
}
RecordKey KeyMaker::login(IntegrationId integration, std::string_view name) const {
    return make(RecordKind::login, text_of(write_named, RecordKind::login, integration, name));
}
RecordKey KeyMaker::promotion(TenantId tenant, std::string_view id) const {
    return make(RecordKind::promotion, text_of(write_named, RecordKind::promotion, tenant, id));
}
RecordKey KeyMaker::withdrawal(Sequence requested_by) const {
    return make(RecordKind::withdrawal,
                text_of(write_number, RecordKind::withdrawal, requested_by));
}
RecordKey KeyMaker::settlement(Sequence withdrawal) const {
    return make(RecordKind::settlement, text_of(write_number, RecordKind::settlement, withdrawal));
}
RecordKey KeyMaker::hot_wallet(std::uint64_t chain, std::string_view address) const {
    return make(RecordKind::hot_wallet, text_of(write_hot_wallet, chain, address));
}
RecordKey KeyMaker::withdrawal_policy(CurrencyId currency) const {
    return make(RecordKind::withdrawal_policy,
                text_of(write_number, RecordKind::withdrawal_policy, currency));
}
RecordKey KeyMaker::withdrawal_day(TenantId tenant, std::string_view player,
                                   CurrencyId currency) const {
    return make(RecordKind::withdrawal_day, text_of(write_day, tenant, player, currency));
}
RecordKey KeyMaker::deposit_root() const {
    return make(RecordKind::deposit_root, text_of(write_number, RecordKind::deposit_root, 0));
}
RecordKey KeyMaker::deposit_address(TenantId tenant, std::string_view player) const {
    return make(RecordKind::deposit_address,
                text_of(write_named, RecordKind::deposit_address, tenant, player));
}
RecordKey KeyMaker::address_owner(std::string_view address) const {
    return make(RecordKind::address_owner,
                text_of(write_of_text, RecordKind::address_owner, address));
}
RecordKey KeyMaker::deposit_watch(CurrencyId currency) const {
    return make(RecordKind::deposit_watch,
                text_of(write_number, RecordKind::deposit_watch, currency));
}
RecordKey KeyMaker::chain_deposit(const DepositName& name) const {
    return make(RecordKind::chain_deposit, text_of<const DepositName&>(write_deposit, name));
}
RecordKey KeyMaker::chain_transfer(std::uint64_t chain, std::string_view from,
                                   std::uint64_t nonce) const {
    return make(RecordKind::chain_transfer, text_of(write_transfer, chain, from, nonce));
}
RecordKey KeyMaker::chain_pause(std::uint64_t chain) const {
    return make(RecordKind::chain_pause, text_of(write_number, RecordKind::chain_pause, chain));
}
RecordKey KeyMaker::withdrawal_retry(Sequence withdrawal) const {
    return make(RecordKind::withdrawal_retry,
                text_of(write_number, RecordKind::withdrawal_retry, withdrawal));
}
RecordKey KeyMaker::locator(const RecordKey& of) const {
    return make(RecordKind::locator, text_of(write_of_text, RecordKind::locator, of.text));
}
RecordKey KeyMaker::wallet(TenantId tenant, std::string_view player, CurrencyId currency,
                           std::string memory) const {
    write_wallet(memory, tenant, player, currency);
    return make(RecordKind::wallet, std::move(memory), home(tenant, player));
}
RecordKey KeyMaker::round(const RoundName& name, std::string memory) const {
    write_round(memory, name);
    return make(RecordKind::round, std::move(memory), home(name.tenant, name.player));
}
RecordKey KeyMaker::key(const KeyName& name, std::string memory) const {
    write_key(memory, name);
    return make(RecordKind::key, std::move(memory), home(name.tenant, name.player));
}
RecordKey KeyMaker::of(const Record& record) const {
    std::string text;
    std::visit(WriteText{text}, record);
    const Shard shard = shards_ == 1 ? Shard{0} : std::visit(HomeOf{*this}, record);
    return make(static_cast<RecordKind>(record.index()), std::move(text), shard);
}
RecordKey KeyMaker::of(const Transaction& transaction) const {
    return make(RecordKind::key, text_of<const Transaction&>(write_key, transaction),
                home(transaction.tenant, transaction.player));
}
Hash16 KeyMaker::hash_of(const Record& record, std::string& scratch) const {
    std::visit(WriteText{scratch}, record);
    return hash(static_cast<RecordKind>(record.index()), scratch);
}
Hash16 KeyMaker::hash_of(const Transaction& transaction, std::string& scratch) const {
    write_key(scratch, transaction);
    return hash(RecordKind::key, scratch);
}

// Texts are compared and not hashes: this is also the check that the index led to the right record.
// The latest put of a key stands for the Change; a put Key says more than the implied one.
Record find_in(const Change& change, const RecordKey& key, const KeyMaker&) {
    std::string text;
    for (auto put = change.puts.rbegin(); put != change.puts.rend(); ++put) {
        if (static_cast<RecordKind>(put->index()) != key.kind) continue;
        std::visit(WriteText{text}, *put);
        if (text == key.text) return *put;
    }
    if (key.kind == RecordKind::key && change.transaction) {
        write_key(text, *change.transaction);
        if (text == key.text) return implied_key(change);
    }
    return {};
}

}  // namespace coffer
