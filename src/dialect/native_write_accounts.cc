// Answers about what a tenant has set up: tenants, keys, integrations, credentials, currencies.

#include "dialect/native.h"

namespace coffer {
namespace {

// Lists are taken from the call's own picture of the directory, which is in order and complete: a
// change of it is answered only when every picture shows it.
template <class T, class Append>
Reply write_list(const std::vector<const T*>& list, const Append& append) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const T* one : list) append(json, *one);
    json.close_array();
    return native_reply(200, std::move(body));
}

void append_tenant(JsonWriter& json, const Tenant& tenant) {
    json.open_object();
    json.key("id").string(tenant.uid);
    json.key("name").string(tenant.name);
    json.key("created_at");
    native_append_time(json, tenant.created);
    json.close_object();
}

void append_times(JsonWriter& json, const Credential& credential) {
    json.key("created_at");
    native_append_time(json, credential.created);
    json.key("expires_at");
    native_append_time(json, credential.expires);
    json.key("last_used_at");
    native_append_time(json, credential.last_used);
    json.key("revoked_at");
    native_append_time(json, credential.revoked);
}

// `secret` is empty but in the one answer that shows it.
void append_key(JsonWriter& json, const Credential& credential, std::string_view secret) {
    json.open_object();
    json.key("id").string(credential.uid);
    if (!secret.empty()) json.key("secret").string(secret);
    json.key("name");
    native_append_text(json, credential.name);
    json.key("scopes").open_array();
    for (const NativeScope& scope : native_scopes) {
        if ((credential.scopes & scope.bit) != 0) json.string(scope.word);
    }
    json.close_array();
    append_times(json, credential);
    json.close_object();
}

void append_credential(JsonWriter& json, const Credential& credential, std::string_view secret) {
    json.open_object();
    json.key("id").string(credential.uid);
    json.key("kind").string(native_credential_word(credential.kind));
    const bool has_client_id = credential.kind == CredentialKind::basic;
    if (has_client_id) json.key("client_id").string(credential.name);
    if (!secret.empty()) json.key("secret").string(secret);
    json.key("name");
    native_append_text(json,
                       has_client_id ? std::string_view() : std::string_view(credential.name));
    append_times(json, credential);
    json.close_object();
}

void append_integration(JsonWriter& json, const Request& request, const Integration& integration) {
    json.open_object();
    json.key("id").string(integration.uid);
    json.key("dialect").string(native_dialect_word(integration.dialect));
    json.key("name").string(integration.name);
    json.key("currencies").open_array();
    for (const CurrencyId currency : integration.currencies) {
        json.string(native_money(request, currency).code);
    }
    json.close_array();
    json.key("settings");
    native_write_settings(json, integration);
    json.key("credentials").open_array();
    for (const Credential* credential :
         request.directory->credentials(integration.tenant, integration.id)) {
        append_credential(json, *credential, {});
    }
    json.close_array();
    json.key("created_at");
    native_append_time(json, integration.created);
    json.close_object();
}

void append_currency(JsonWriter& json, const Currency& currency) {
    json.open_object();
    json.key("code").string(currency.code);
    json.key("name").string(currency.name);
    json.key("scale").integer(currency.scale);
    json.key("chain_scale");
    if (currency.has_chain()) {
        json.integer(currency.chain_scale);
    } else {
        json.null();
    }
    json.key("created_at");
    native_append_time(json, currency.created);
    json.close_object();
}

}  // namespace

Reply native_write_tenant(const Request&, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    if (const auto* tenant = native_record<Tenant>(outcome)) append_tenant(json, *tenant);
    return native_reply(201, std::move(body));
}

Reply native_write_tenants(const Request& request, const Intent&, const Outcome&) {
    return write_list(request.directory->tenants(), append_tenant);
}

Reply native_write_new_key(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    const auto made = native_secret(request, DialectId::native);
    const auto* credential = native_record<Credential>(outcome);
    if (made && credential != nullptr) append_key(json, *credential, made->secret);
    return native_reply(201, std::move(body));
}

Reply native_write_keys(const Request& request, const Intent&, const Outcome&) {
    return write_list(
        request.directory->credentials(request.authority.tenant, 0),
        [](JsonWriter& json, const Credential& credential) { append_key(json, credential, {}); });
}

Reply native_write_new_credential(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    const auto* credential = native_record<Credential>(outcome);
    const Integration* integration =
        credential != nullptr ? request.directory->integration(credential->integration) : nullptr;
    if (integration != nullptr) {
        const auto made = native_secret(request, integration->dialect);
        if (made) append_credential(json, *credential, made->secret);
    }
    return native_reply(201, std::move(body));
}

Reply native_write_integration(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    if (const auto* integration = native_record<Integration>(outcome)) {
        append_integration(json, request, *integration);
    }
    return native_reply(outcome.created ? 201 : 200, std::move(body));
}

Reply native_write_integrations(const Request& request, const Intent&, const Outcome&) {
    return write_list(request.directory->integrations(request.authority.tenant),
                      [&](JsonWriter& json, const Integration& integration) {
                          append_integration(json, request, integration);
                      });
}

Reply native_write_currency(const Request&, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    if (const auto* currency = native_record<Currency>(outcome)) append_currency(json, *currency);
    return native_reply(201, std::move(body));
}

Reply native_write_currencies(const Request& request, const Intent&, const Outcome&) {
    return write_list(request.directory->currencies(request.authority.tenant), append_currency);
}

Reply native_write_nothing(const Request&, const Intent&, const Outcome&) {
    return native_reply(204, {});
}

}  // namespace coffer
