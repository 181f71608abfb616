#include "dialect/picture.h"

#include <algorithm>

#include "dialect/public_id.h"

namespace coffer {
namespace {

// Each use of the master key has a label of its own, so that what leaks in one is no help in
// another.
std::string derived_key(const MasterKey& master_key, std::string_view label) {
    return hmac(HmacHash::sha256, view(master_key), label);
}

Keyring unsealed_keyring(const Directory& directory, const MasterKey& master_key,
                         const Keyring* before, Log& log) {
    Keyring keyring;
    keyring.master_key = master_key;
    if (before != nullptr) {
        keyring.cursor_key = before->cursor_key;
        keyring.id_key = before->id_key;
    } else {
        keyring.cursor_key = derived_key(master_key, "coffer cursor key");
        keyring.id_key = id_key_of(master_key);
    }
    for (const Tenant* tenant : directory.tenants()) {
        for (const Integration* integration : directory.integrations(tenant->id)) {
            for (const Credential* credential :
                 directory.credentials(tenant->id, integration->id)) {
                if (credential->sealed.empty() || credential->revoked != 0) continue;
                if (before != nullptr) {
                    const auto known = before->signing.find(credential->uid);
                    if (known != before->signing.end()) {
                        keyring.signing.insert(*known);
                        continue;
                    }
                }
                std::optional<std::string> key = open_sealed(master_key, credential->sealed);
                if (key) {
                    keyring.signing.emplace(credential->uid, std::move(*key));
                } else {
                    log.error(
                        "signing key cannot be unsealed: is this the master key it was made with?",
                        {{"credential", std::string_view(credential->uid)}});
                }
            }
        }
    }
    return keyring;
}

}  // namespace

Picture::Picture(std::shared_ptr<const Directory> directory, const MasterKey& master_key,
                 const Picture* before, Log& log)
    : directory_(std::move(directory)) {
    keyring_ = std::make_shared<const Keyring>(unsealed_keyring(
        *directory_, master_key, before != nullptr ? before->keyring_.get() : nullptr, log));
    for (const Tenant* tenant : directory_->tenants()) {
        for (const Integration* integration : directory_->integrations(tenant->id))
            add(*integration);
    }
}

void Picture::add(const Integration& integration) {
    const IntegrationSettings& settings = integration.settings;
    if (!settings.ip_allow.empty() || !settings.trusted_proxies.empty()) {
        rules_[integration.id] = {.allowed = AddressList(settings.ip_allow),
                                  .trusted_proxies = AddressList(settings.trusted_proxies)};
    }
    OfDialect& of_dialect = of_dialect_[static_cast<std::size_t>(integration.dialect)];
    of_dialect.trusted_proxies.add(settings.trusted_proxies);
    for (const std::string& origin : settings.allowed_origins) {
        if (std::ranges::find(of_dialect.origins, origin) == of_dialect.origins.end()) {
            of_dialect.origins.push_back(origin);
        }
    }
}

const AddressRules* Picture::rules(IntegrationId integration) const {
    const auto found = rules_.find(integration);
    return found == rules_.end() ? nullptr : &found->second;
}

}  // namespace coffer
