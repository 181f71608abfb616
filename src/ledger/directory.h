#pragma once
// Who is who among those that are few: tenants, currencies, integrations, credentials.
//
// A Directory is an immutable picture of them, shared by all threads and replaced as a whole when
// one changes; it is complete before the change is answered. Players and sessions are not in it:
// they are read with the wallet.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace coffer {

class Directory {
public:
    Directory() = default;
    // All of them as the store has them.
    static Result<Directory> load(const Reader& reader);
    // This one with the given records, which journal record `as_of` put, added or replaced; records
    // of other kinds are ignored.
    Directory with(std::span<const Record> records, Sequence as_of = 0) const;
    // The journal up to this record is in it; something of what follows may be, too.
    Sequence as_of() const { return as_of_; }

    const Tenant* tenant(TenantId id) const;
    const Tenant* tenant(std::string_view uid) const;
    const Currency* currency(CurrencyId id) const;
    const Currency* currency(TenantId tenant, std::string_view code) const;
    const Integration* integration(IntegrationId id) const;
    // By uid, or by name where that is unique in the tenant; null for another tenant's.
    const Integration* integration(TenantId tenant, std::string_view uid_or_name) const;
    const Credential* credential(std::string_view uid) const;
    // The live credential with that secret's digest (native_key, secret, client_key, server_key).
    const Credential* by_secret(CredentialKind kind, DialectId dialect, const Digest& digest,
                                Time now) const;
    // Live credentials of that client id (basic), in that dialect; the caller compares the secret.
    std::vector<const Credential*> by_name(DialectId dialect, std::string_view name,
                                           Time now) const;
    // Live signing keys of an integration.
    std::vector<const Credential*> signing_keys(IntegrationId integration, Time now) const;
    // The currency of that code if this integration may move it, else null.
    const Currency* movable(const Integration& integration, std::string_view code) const;

    // What the currency's tenant allows of withdrawals; null: everything.
    const WithdrawalPolicy* policy(CurrencyId currency) const;

    std::vector<const Tenant*> tenants() const;
    std::vector<const Currency*> currencies(TenantId tenant) const;
    std::vector<const Integration*> integrations(TenantId tenant) const;
    std::vector<const Integration*> integrations(DialectId dialect) const;
    std::vector<const Credential*> credentials(TenantId tenant, IntegrationId integration) const;
    TenantId last_tenant() const;
    CurrencyId last_currency() const;
    IntegrationId last_integration() const;

private:
    void insert(const Record& record);
    Sequence as_of_ = 0;
    std::unordered_map<TenantId, Ptr<Tenant>> tenants_;
    std::unordered_map<CurrencyId, Ptr<Currency>> currencies_;
    std::unordered_map<CurrencyId, Ptr<WithdrawalPolicy>> policies_;
    std::unordered_map<IntegrationId, Ptr<Integration>> integrations_;
    std::unordered_map<std::string, Ptr<Credential>> credentials_;
    std::unordered_map<std::string, std::vector<std::string>> by_digest_;  // digest bytes -> uids
    std::unordered_map<std::string, std::vector<std::string>> by_name_;    // client id -> uids
    std::unordered_map<IntegrationId, std::vector<std::string>> signing_;
    std::unordered_map<std::string, CurrencyId> currency_by_code_;  // "tenant/code"
};

bool is_live(const Credential& credential, Time now);

}  // namespace coffer
