#pragma once
// The proof's part about who is who: what of the directory must never change, and what movements
// may refer to.

#include <unordered_map>

#include "ledger/past.h"

namespace coffer {

class DirectoryProof {
public:
    DirectoryProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    // One put of a record; kinds that are not of the directory are ignored.
    void put(const Change& change, const Record& record);
    // Whom and what a transaction names must be there already, in its tenant.
    void names(Sequence at, const Transaction& transaction);

    const Currency* currency(CurrencyId id) const;
    const Integration* integration(IntegrationId id) const;  // as it is now; null if none

private:
    void put(const Change& change, const Ptr<Tenant>& tenant);
    void put(const Change& change, const Ptr<Currency>& currency);
    void put(const Change& change, const Ptr<Integration>& integration);
    void put(const Change& change, const Ptr<Credential>& credential);
    void put(const Change& change, const Ptr<Player>& player);
    void put(const Change& change, const Ptr<Alias>& alias);
    template <class Other>
    void put(const Change&, const Ptr<Other>&) {}
    void put(const Change&, std::monostate) {}
    bool is_tenant(TenantId id) const { return id == 0 || tenants_.contains(id); }

    const Past& past_;
    Findings& findings_;
    std::unordered_map<TenantId, Ptr<Tenant>> tenants_;
    std::unordered_map<CurrencyId, Ptr<Currency>> currencies_;
    std::unordered_map<IntegrationId, Ptr<Integration>> integrations_;
};

}  // namespace coffer
