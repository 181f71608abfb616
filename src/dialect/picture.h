#pragma once
// What a desk makes of the directory so that no call has to: the keys in clear, the parsed networks
// of every integration, the origins of every dialect. Immutable; a new one when the directory
// changes.

#include <array>
#include <memory>
#include <unordered_map>

#include "base/log.h"
#include "dialect/address_list.h"
#include "dialect/dialect.h"

namespace coffer {

struct AddressRules {
    AddressList allowed;  // empty: from anywhere
    AddressList trusted_proxies;
};

class Picture {
public:
    // Keys that `before` (may be null) has unsealed are taken over from it.
    Picture(std::shared_ptr<const Directory> directory, const MasterKey& master_key,
            const Picture* before, Log& log);

    const std::shared_ptr<const Directory>& directory() const { return directory_; }
    const std::shared_ptr<const Keyring>& keyring() const { return keyring_; }
    // Null for an integration that has no lists.
    const AddressRules* rules(IntegrationId integration) const;
    // The proxies that any integration of that dialect trusts: for logins, whose integration is not
    // known yet.
    const AddressList& trusted_proxies(DialectId dialect) const {
        return of(dialect).trusted_proxies;
    }
    // The origins that any integration of that dialect allows.
    const std::vector<std::string>& origins(DialectId dialect) const { return of(dialect).origins; }

private:
    struct OfDialect {
        AddressList trusted_proxies;
        std::vector<std::string> origins;
    };
    const OfDialect& of(DialectId id) const { return of_dialect_[static_cast<std::size_t>(id)]; }
    void add(const Integration& integration);

    std::shared_ptr<const Directory> directory_;
    std::shared_ptr<const Keyring> keyring_;
    std::unordered_map<IntegrationId, AddressRules> rules_;
    std::array<OfDialect, dialect_count> of_dialect_;
};

}  // namespace coffer
