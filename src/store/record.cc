// The names of records, and what a Change holds under a name.

#include "store/record.h"

#include "base/check.h"
#include "store/bytes.h"

namespace coffer {

namespace {

// The text of a key: the kind, then the parts, each of which says where it ends, so that no two
// names give one text.
class KeyText {
public:
    explicit KeyText(RecordKind kind) {
        text_.reserve(192);  // an external id of 87 bytes with its player takes one allocation
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
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    ByteWriter writer_{text_};
};

std::string text_of(TenantId tenant, std::string_view player, CurrencyId currency) {
    return KeyText(RecordKind::wallet).number(tenant).text(player).number(currency).take();
}
std::string text_of(const RoundName& name) {
    return KeyText(RecordKind::round)
        .number(name.tenant)
        .number(name.integration)
        .number(name.provider)
        .text(name.player)
        .text(name.id)
        .take();
}
std::string text_of(const KeyName& name) {
    return KeyText(RecordKind::key)
        .number(name.tenant)
        .number(name.integration)
        .text(name.player)
        .number(static_cast<std::uint8_t>(name.group))
        .text(name.external_id)
        .take();
}
std::string text_of_number(RecordKind kind, std::uint64_t number) {
    return KeyText(kind).number(number).take();
}
std::string text_of_named(RecordKind kind, std::uint32_t owner, std::string_view name) {
    return KeyText(kind).number(owner).text(name).take();
}
std::string text_of_alias(IntegrationId integration, std::uint64_t site, std::string_view id) {
    return KeyText(RecordKind::alias).number(integration).number(site).text(id).take();
}
std::string text_of_session(SessionKind kind, std::span<const std::uint8_t, 16> name) {
    return KeyText(RecordKind::session)
        .number(static_cast<std::uint8_t>(kind))
        .text(view(name))
        .take();
}

// The texts of whole records.
struct TextOf {
    std::string operator()(std::monostate) const {
        CHECK(!"an absent record has no key");
        return {};
    }
    std::string operator()(const Ptr<Tenant>& tenant) const {
        return text_of_number(RecordKind::tenant, tenant->id);
    }
    std::string operator()(const Ptr<Currency>& currency) const {
        return text_of_number(RecordKind::currency, currency->id);
    }
    std::string operator()(const Ptr<Integration>& integration) const {
        return text_of_number(RecordKind::integration, integration->id);
    }
    std::string operator()(const Ptr<Credential>& credential) const {
        return text_of_named(RecordKind::credential, 0, credential->uid);
    }
    std::string operator()(const Ptr<Player>& player) const {
        return text_of_named(RecordKind::player, player->tenant, player->id);
    }
    std::string operator()(const Ptr<Alias>& alias) const {
        return text_of_alias(alias->integration, alias->site, alias->external_id);
    }
    std::string operator()(const Ptr<Session>& session) const {
        return text_of_session(session->kind, std::span(session->digest).first<16>());
    }
    std::string operator()(const Ptr<Login>& login) const {
        return text_of_named(RecordKind::login, login->integration, login->name);
    }
    std::string operator()(const Ptr<Promotion>& promotion) const {
        return text_of_named(RecordKind::promotion, promotion->tenant, promotion->id);
    }
    std::string operator()(const Ptr<Withdrawal>& withdrawal) const {
        return text_of_number(RecordKind::withdrawal, withdrawal->requested_by);
    }
    std::string operator()(const Ptr<Wallet>& wallet) const {
        return text_of(wallet->tenant, wallet->player, wallet->currency);
    }
    std::string operator()(const Ptr<Round>& round) const {
        return text_of(RoundName{round->tenant, round->integration, round->provider, round->player,
                                 round->id});
    }
    std::string operator()(const Ptr<Key>& key) const {
        return text_of(
            KeyName{key->tenant, key->integration, key->player, key->group, key->external_id});
    }
};

// The id under which a transaction is found: its sequence number if it came without one.
std::string own_id(const Transaction& transaction) {
    return transaction.group == KeyGroup::self ? std::to_string(transaction.sequence)
                                               : transaction.external_id;
}

std::string text_of(const Transaction& transaction) {
    const std::string id = own_id(transaction);
    return text_of(KeyName{transaction.tenant, transaction.integration, transaction.player,
                           transaction.group, id});
}

KeyState state_of(TransactionStatus status) {
    switch (status) {
        case TransactionStatus::applied: return KeyState::applied;
        case TransactionStatus::refused: return KeyState::refused;
        case TransactionStatus::tombstone: return KeyState::tombstone;
    }
    CHECK(!"a status that is none");
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

RecordKey KeyMaker::make(RecordKind kind, std::string text) const {
    RecordKey key{kind, keyed_hash(secret_, text), std::move(text)};
    key.hash[0] = static_cast<std::uint8_t>(kind);
    return key;
}

RecordKey KeyMaker::tenant(TenantId id) const {
    return make(RecordKind::tenant, text_of_number(RecordKind::tenant, id));
}
RecordKey KeyMaker::currency(CurrencyId id) const {
    return make(RecordKind::currency, text_of_number(RecordKind::currency, id));
}
RecordKey KeyMaker::integration(IntegrationId id) const {
    return make(RecordKind::integration, text_of_number(RecordKind::integration, id));
}
RecordKey KeyMaker::credential(std::string_view uid) const {
    return make(RecordKind::credential, text_of_named(RecordKind::credential, 0, uid));
}
RecordKey KeyMaker::player(TenantId tenant, std::string_view id) const {
    return make(RecordKind::player, text_of_named(RecordKind::player, tenant, id));
}
RecordKey KeyMaker::alias(IntegrationId integration, std::uint64_t site,
                          std::string_view external_id) const {
    return make(RecordKind::alias, text_of_alias(integration, site, external_id));
}
RecordKey KeyMaker::session(SessionKind kind, const Digest& digest) const {
    return session(kind, std::span(digest).first<16>());
}
RecordKey KeyMaker::session(SessionKind kind, std::span<const std::uint8_t, 16> name) const {
    return make(RecordKind::session, text_of_session(kind, name));
}
RecordKey KeyMaker::login(IntegrationId integration, std::string_view name) const {
    return make(RecordKind::login, text_of_named(RecordKind::login, integration, name));
}
RecordKey KeyMaker::promotion(TenantId tenant, std::string_view id) const {
    return make(RecordKind::promotion, text_of_named(RecordKind::promotion, tenant, id));
}
RecordKey KeyMaker::withdrawal(Sequence requested_by) const {
    return make(RecordKind::withdrawal, text_of_number(RecordKind::withdrawal, requested_by));
}
RecordKey KeyMaker::wallet(TenantId tenant, std::string_view player, CurrencyId currency) const {
    return make(RecordKind::wallet, text_of(tenant, player, currency));
}
RecordKey KeyMaker::round(const RoundName& name) const {
    return make(RecordKind::round, text_of(name));
}
RecordKey KeyMaker::key(const KeyName& name) const { return make(RecordKind::key, text_of(name)); }
RecordKey KeyMaker::of(const Record& record) const {
    return make(static_cast<RecordKind>(record.index()), std::visit(TextOf{}, record));
}
RecordKey KeyMaker::of(const Transaction& transaction) const {
    return make(RecordKind::key, text_of(transaction));
}

// Texts are compared and not hashes: this is also the check that the index led to the right record.
// The latest put of a key stands for the Change; a put Key says more than the implied one.
Record find_in(const Change& change, const RecordKey& key, const KeyMaker&) {
    for (auto put = change.puts.rbegin(); put != change.puts.rend(); ++put) {
        if (static_cast<RecordKind>(put->index()) != key.kind) continue;
        if (std::visit(TextOf{}, *put) == key.text) return *put;
    }
    if (key.kind == RecordKind::key && change.transaction &&
        text_of(*change.transaction) == key.text) {
        return implied_key(change);
    }
    return {};
}

}  // namespace coffer
