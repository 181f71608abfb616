#include "ledger/proof_directory.h"

namespace coffer {

void DirectoryProof::put(const Change& change, const Record& record) {
    std::visit([&](const auto& one) { put(change, one); }, record);
}

void DirectoryProof::put(const Change& change, const Ptr<Tenant>& tenant) {
    const auto [known, is_new] = tenants_.try_emplace(tenant->id, tenant);
    findings_.expect(tenant->id == (is_new ? tenants_.size() : known->first), change.sequence,
                     "a tenant's number does not follow the one before");
    findings_.expect(known->second->uid == tenant->uid, change.sequence,
                     "a tenant becomes another one");
    known->second = tenant;
}

void DirectoryProof::put(const Change& change, const Ptr<Currency>& currency) {
    findings_.expect(is_tenant(currency->tenant), change.sequence, "a currency of no tenant");
    const auto [known, is_new] = currencies_.try_emplace(currency->id, currency);
    const Currency& before = *known->second;
    findings_.expect(before.tenant == currency->tenant && before.code == currency->code &&
                         before.scale == currency->scale &&
                         before.chain_scale == currency->chain_scale,
                     change.sequence, "a currency's tenant, code or scale changes");
    known->second = currency;
}

void DirectoryProof::put(const Change& change, const Ptr<Integration>& integration) {
    findings_.expect(is_tenant(integration->tenant), change.sequence,
                     "an integration of no tenant");
    for (const CurrencyId id : integration->currencies) {
        const Currency* moved = currency(id);
        findings_.expect(moved != nullptr && moved->tenant == integration->tenant, change.sequence,
                         "an integration moves a currency that is not its tenant's");
    }
    for (const std::uint8_t bucket :
         {integration->settings.payout_bucket, integration->settings.deposit_bucket,
          integration->settings.grant_bucket}) {
        findings_.expect(is_bucket(static_cast<AccountCode>(bucket)), change.sequence,
                         "an integration pays into what is no bucket");
    }
    const auto [known, is_new] = integrations_.try_emplace(integration->id, integration);
    const Integration& before = *known->second;
    findings_.expect(before.tenant == integration->tenant && before.uid == integration->uid &&
                         before.dialect == integration->dialect,
                     change.sequence, "an integration's tenant, name or dialect changes");
    known->second = integration;
}

void DirectoryProof::put(const Change& change, const Ptr<Credential>& credential) {
    findings_.expect(is_tenant(credential->tenant), change.sequence, "a credential of no tenant");
    const Integration* owner = integration(credential->integration);
    findings_.expect(
        credential->integration == 0 || (owner != nullptr && owner->tenant == credential->tenant),
        change.sequence, "a credential of another tenant's integration");
    const auto before = past_.before<Credential>(past_.keys().of(credential));
    if (!before) return;
    findings_.expect(before->tenant == credential->tenant &&
                         before->integration == credential->integration &&
                         before->kind == credential->kind && before->digest == credential->digest &&
                         before->scopes == credential->scopes,
                     change.sequence, "a credential becomes another one");
    findings_.expect(before->revoked == 0 || before->revoked == credential->revoked,
                     change.sequence, "a revoked credential is live again");
}

void DirectoryProof::put(const Change& change, const Ptr<Player>& player) {
    findings_.expect(player->tenant != 0 && is_tenant(player->tenant), change.sequence,
                     "a player of no tenant");
    for (const Alias& alias : player->aliases) {
        findings_.expect(alias.player == player->id && alias.tenant == player->tenant,
                         change.sequence, "a player's alias is another player's");
    }
    const auto before = past_.before<Player>(past_.keys().of(player));
    findings_.expect(!before || before->created == player->created, change.sequence,
                     "a player's time of creation changes");
}

void DirectoryProof::put(const Change& change, const Ptr<Alias>& alias) {
    const Integration* owner = integration(alias->integration);
    findings_.expect(owner != nullptr && owner->tenant == alias->tenant, change.sequence,
                     "an alias in another tenant's integration");
    const auto before = past_.before<Alias>(past_.keys().of(alias));
    findings_.expect(!before || before->player == alias->player, change.sequence,
                     "an alias leads to another player than before");
}

void DirectoryProof::names(Sequence at, const Transaction& transaction) {
    findings_.expect(past_.latest(past_.keys().player(transaction.tenant, transaction.player)) != 0,
                     at, "it is of a player who does not exist");
    const Currency* moved = currency(transaction.currency);
    findings_.expect(moved != nullptr && moved->tenant == transaction.tenant, at,
                     "it is in a currency that is not its tenant's");
    if (transaction.integration == 0) return;
    const Integration* caller = integration(transaction.integration);
    findings_.expect(caller != nullptr && caller->tenant == transaction.tenant, at,
                     "it came through an integration that is not its tenant's");
}

const Currency* DirectoryProof::currency(CurrencyId id) const {
    const auto found = currencies_.find(id);
    return found == currencies_.end() ? nullptr : found->second.get();
}

const Integration* DirectoryProof::integration(IntegrationId id) const {
    const auto found = integrations_.find(id);
    return found == integrations_.end() ? nullptr : found->second.get();
}

}  // namespace coffer
