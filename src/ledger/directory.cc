#include "ledger/directory.h"
#include "store/directory_kinds.h"

#include <algorithm>
#include <utility>

namespace coffer {

namespace {

std::string code_key(TenantId tenant, std::string_view code) {
    return std::to_string(tenant) + "/" + std::string(code);
}

std::string digest_key(const Digest& digest) { return std::string(view(digest)); }

template <class Map>
auto* find_in_map(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second.get();
}

// Listings come in the order in which things were made.
template <class T, class Map, class Keep>
std::vector<const T*> collect(const Map& map, const Keep& keep) {
    std::vector<const T*> all;
    for (const auto& [key, item] : map) {
        if (keep(*item)) all.push_back(item.get());
    }
    std::sort(all.begin(), all.end(), [](const T* left, const T* right) {
        return left->created != right->created ? left->created < right->created
                                               : left->uid < right->uid;
    });
    return all;
}

void add_once(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

template <class Map>
std::uint32_t greatest_id(const Map& map) {
    std::uint32_t greatest = 0;
    for (const auto& [id, item] : map) greatest = std::max(greatest, id);
    return greatest;
}

}  // namespace

bool is_live(const Credential& credential, Time now) {
    return credential.revoked == 0 && (credential.expires == 0 || now < credential.expires);
}

Result<Directory> Directory::load(const Reader& reader) {
    Directory directory;
    directory.as_of_ = reader.end_of(0).sequence;
    for (const RecordKind kind : directory_kinds) {
        TRY(reader.each(kind, [&](const Record& record) {
            directory.insert(record);
            return true;
        }));
    }
    return directory;
}

Directory Directory::with(std::span<const Record> records, Sequence as_of) const {
    Directory next = *this;
    next.as_of_ = as_of;
    for (const Record& record : records) next.insert(record);
    return next;
}

void Directory::insert(const Record& record) {
    if (const auto* tenant = std::get_if<Ptr<Tenant>>(&record)) {
        tenants_[(*tenant)->id] = *tenant;
    } else if (const auto* currency = std::get_if<Ptr<Currency>>(&record)) {
        currencies_[(*currency)->id] = *currency;
        currency_by_code_[code_key((*currency)->tenant, (*currency)->code)] = (*currency)->id;
    } else if (const auto* integration = std::get_if<Ptr<Integration>>(&record)) {
        integrations_[(*integration)->id] = *integration;
    } else if (const auto* policy = std::get_if<Ptr<WithdrawalPolicy>>(&record)) {
        policies_[(*policy)->currency] = *policy;
    } else if (const auto* credential = std::get_if<Ptr<Credential>>(&record)) {
        const Credential& item = **credential;
        credentials_[item.uid] = *credential;
        if (item.kind == CredentialKind::signing_key) {
            add_once(signing_[item.integration], item.uid);
        } else if (item.kind == CredentialKind::basic) {
            add_once(by_name_[item.name], item.uid);
        } else {
            add_once(by_digest_[digest_key(item.digest)], item.uid);
        }
    }
}

const Tenant* Directory::tenant(TenantId id) const { return find_in_map(tenants_, id); }

const Tenant* Directory::tenant(std::string_view uid) const {
    for (const auto& [id, tenant] : tenants_) {
        if (tenant->uid == uid) return tenant.get();
    }
    return nullptr;
}

const Currency* Directory::currency(CurrencyId id) const { return find_in_map(currencies_, id); }

const Currency* Directory::currency(TenantId tenant, std::string_view code) const {
    const auto found = currency_by_code_.find(code_key(tenant, code));
    return found == currency_by_code_.end() ? nullptr : currency(found->second);
}

const Integration* Directory::integration(IntegrationId id) const {
    return find_in_map(integrations_, id);
}

const Integration* Directory::integration(TenantId tenant, std::string_view uid_or_name) const {
    const Integration* by_name = nullptr;
    for (const auto& [id, integration] : integrations_) {
        if (integration->tenant != tenant) continue;
        if (integration->uid == uid_or_name) return integration.get();
        if (integration->name == uid_or_name) by_name = integration.get();
    }
    return by_name;
}

const Credential* Directory::credential(std::string_view uid) const {
    return find_in_map(credentials_, std::string(uid));
}

const Credential* Directory::by_secret(CredentialKind kind, DialectId dialect, const Digest& digest,
                                       Time now) const {
    const auto found = by_digest_.find(digest_key(digest));
    if (found == by_digest_.end()) return nullptr;
    for (const std::string& uid : found->second) {
        const Credential* credential = this->credential(uid);
        if (credential->kind != kind || !is_live(*credential, now)) continue;
        if (credential->integration == 0) {
            if (dialect == DialectId::native) return credential;
            continue;
        }
        const Integration* owner = integration(credential->integration);
        if (owner != nullptr && owner->dialect == dialect) return credential;
    }
    return nullptr;
}

std::vector<const Credential*> Directory::by_name(DialectId dialect, std::string_view name,
                                                  Time now) const {
    std::vector<const Credential*> live;
    const auto found = by_name_.find(std::string(name));
    if (found == by_name_.end()) return live;
    for (const std::string& uid : found->second) {
        const Credential* credential = this->credential(uid);
        const Integration* owner = integration(credential->integration);
        if (is_live(*credential, now) && owner != nullptr && owner->dialect == dialect) {
            live.push_back(credential);
        }
    }
    return live;
}

std::vector<const Credential*> Directory::signing_keys(IntegrationId integration, Time now) const {
    std::vector<const Credential*> live;
    const auto found = signing_.find(integration);
    if (found == signing_.end()) return live;
    for (const std::string& uid : found->second) {
        const Credential* key = credential(uid);
        if (is_live(*key, now)) live.push_back(key);
    }
    return live;
}

const Currency* Directory::movable(const Integration& integration, std::string_view code) const {
    for (const CurrencyId id : integration.currencies) {
        const Currency* found = currency(id);
        if (found != nullptr && found->code == code) return found;
    }
    return nullptr;
}

const WithdrawalPolicy* Directory::policy(CurrencyId currency) const {
    return find_in_map(policies_, currency);
}

std::vector<const Tenant*> Directory::tenants() const {
    return collect<Tenant>(tenants_, [](const Tenant&) { return true; });
}

std::vector<const Currency*> Directory::currencies(TenantId tenant) const {
    std::vector<const Currency*> all;
    for (const auto& [id, currency] : currencies_) {
        if (currency->tenant == tenant) all.push_back(currency.get());
    }
    std::sort(all.begin(), all.end(),
              [](const Currency* left, const Currency* right) { return left->id < right->id; });
    return all;
}

std::vector<const Integration*> Directory::integrations(TenantId tenant) const {
    return collect<Integration>(integrations_,
                                [&](const Integration& item) { return item.tenant == tenant; });
}

std::vector<const Integration*> Directory::integrations(DialectId dialect) const {
    return collect<Integration>(integrations_,
                                [&](const Integration& item) { return item.dialect == dialect; });
}

std::vector<const Credential*> Directory::credentials(TenantId tenant,
                                                      IntegrationId integration) const {
    return collect<Credential>(credentials_, [&](const Credential& item) {
        return item.tenant == tenant && item.integration == integration;
    });
}

TenantId Directory::last_tenant() const { return greatest_id(tenants_); }
CurrencyId Directory::last_currency() const { return greatest_id(currencies_); }
IntegrationId Directory::last_integration() const { return greatest_id(integrations_); }

}  // namespace coffer
