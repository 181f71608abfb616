// Tenants, keys of this API, and credentials of integrations: everything that lets somebody in.
//
// A secret is never stored and never comes back: read() keeps its digest, and the answer shows it
// by making it again from the same call's random bytes.

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t secret_bytes_min = 8;
constexpr std::size_t secret_bytes_max = 512;
constexpr std::size_t client_id_bytes_max = 255;
constexpr std::size_t scopes_max = 16;

// Where in the call's random bytes what is made of them.
constexpr std::size_t uid_offset = 0;
constexpr std::size_t client_id_offset = 16;
constexpr std::size_t secret_offset = 32;

std::string random_uuid(const Call& call, std::size_t offset) {
    return uuid_v4(std::span<const std::uint8_t, 16>(call.random.data() + offset, 16));
}

std::uint32_t scope_bits(const Body& body, Fields& fields) {
    std::uint32_t bits = 0;
    for (const std::string& word : native_texts(body, fields, "scopes", scopes_max, 16)) {
        std::uint32_t bit = 0;
        for (const NativeScope& scope : native_scopes) {
            if (scope.word == word) bit = scope.bit;
        }
        if (bit == 0) fields.mistake("scopes may hold read, play, cashier and admin");
        bits |= bit;
    }
    if (bits == 0) fields.mistake("scopes must name at least one of read, play, cashier and admin");
    return bits;
}

NativeRead read_key(const Request& request, TenantId tenant) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    Credential credential;
    credential.uid = random_uuid(request.call, uid_offset);
    credential.tenant = tenant;
    credential.kind = CredentialKind::native_key;
    credential.scopes = scope_bits(*body, fields);
    if (fields.has("name")) credential.name = native_name(fields, "name");
    credential.expires = native_expiry(request, fields);
    if (fields.failed()) return native_malformed(fields.message());
    credential.digest = sha256(random_token(request.call, secret_offset));
    return CreateCredential{std::move(credential)};
}

// Visible ASCII, so that it fits every header and every Basic credential.
bool is_visible(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c >= 0x7f) return false;
    }
    return true;
}

// The kinds of credential that each dialect knows; the first is meant when a call names none,
// except where two are equally likely.
std::span<const CredentialKind> kinds_of(DialectId dialect) {
    static constexpr std::array native{CredentialKind::native_key};
    static constexpr std::array one_secret{CredentialKind::secret};
    static constexpr std::array pair_and_key{CredentialKind::basic, CredentialKind::signing_key};
    static constexpr std::array two_keys{CredentialKind::client_key, CredentialKind::server_key};
    switch (dialect) {
        case DialectId::native: return native;
        case DialectId::operator_: return one_secret;
        case DialectId::integrator: return pair_and_key;
        case DialectId::rgs: return one_secret;
        case DialectId::sverse: return two_keys;
        case DialectId::kgen: return pair_and_key;
    }
    return {};
}

CredentialKind kind_of(DialectId dialect, Fields& fields) {
    const std::span<const CredentialKind> kinds = kinds_of(dialect);
    if (!fields.has("kind") && dialect != DialectId::sverse) return kinds.front();
    const std::string_view word = fields.text("kind", 1, 32);
    std::string allowed;
    for (const CredentialKind kind : kinds) {
        if (native_credential_word(kind) == word) return kind;
        if (!allowed.empty()) allowed += " or ";
        allowed += native_credential_word(kind);
    }
    fields.mistake("kind must be " + allowed + " in " + std::string(native_dialect_word(dialect)));
    return kinds.front();
}

}  // namespace

std::expected<NativeSecret, Refusal> native_secret(const Request& request, DialectId dialect) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    NativeSecret made;
    made.kind = kind_of(dialect, fields);
    if (fields.has("client_id") && made.kind != CredentialKind::basic) {
        fields.mistake("client_id belongs to the kind basic");
    } else if (fields.has("client_id")) {
        made.client_id = fields.text("client_id", 1, client_id_bytes_max);
        if (!is_visible(made.client_id) || made.client_id.find(':') != std::string::npos) {
            fields.mistake("client_id must be visible ASCII without a colon");
        }
    } else if (made.kind == CredentialKind::basic) {
        made.client_id = random_uuid(request.call, client_id_offset);
    }
    made.secret = random_token(request.call, secret_offset);
    if (fields.has("secret")) {
        made.secret = fields.text("secret", secret_bytes_min, secret_bytes_max);
        if (!is_visible(made.secret)) fields.mistake("secret must be visible ASCII");
    }
    if (fields.failed()) return native_malformed(fields.message());
    return made;
}

NativeRead native_read_create_tenant(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    CreateTenant create;
    create.uid = random_uuid(request.call, uid_offset);
    create.name = native_name(fields, "name");
    if (fields.failed()) return native_malformed(fields.message());
    return create;
}

NativeRead native_read_list_tenants(const Request&) {
    return ListRecords{.kind = RecordKind::tenant};
}

NativeRead native_read_create_tenant_key(const Request& request) {
    const Tenant* tenant = request.directory->tenant(request.segments[0]);
    if (tenant == nullptr) return native_unknown("tenant");
    return read_key(request, tenant->id);
}

NativeRead native_read_create_key(const Request& request) {
    return read_key(request, request.authority.tenant);
}

NativeRead native_read_list_keys(const Request& request) {
    return ListRecords{.tenant = request.authority.tenant, .kind = RecordKind::credential};
}

NativeRead native_read_revoke_key(const Request& request) {
    return RevokeCredential{.tenant = request.authority.tenant, .uid = request.segments[0]};
}

NativeRead native_read_create_credential(const Request& request) {
    const Integration* integration = native_integration(request, request.segments[0]);
    if (integration == nullptr) return native_unknown("integration");
    const auto made = native_secret(request, integration->dialect);
    if (!made) return std::unexpected(made.error());
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    Credential credential;
    credential.uid = random_uuid(request.call, uid_offset);
    credential.tenant = integration->tenant;
    credential.integration = integration->id;
    credential.kind = made->kind;
    credential.name = made->client_id;
    if (made->kind != CredentialKind::basic && fields.has("name")) {
        credential.name = native_name(fields, "name");
    }
    credential.expires = native_expiry(request, fields);
    if (fields.failed()) return native_malformed(fields.message());
    credential.digest = sha256(made->secret);
    if (made->kind == CredentialKind::signing_key) {
        // The only secrets that are needed again in clear. (The nonce of the seal is the one random
        // number that a dialect does not take from its call.)
        credential.sealed = seal(request.keyring->master_key, made->secret);
    }
    return CreateCredential{std::move(credential)};
}

NativeRead native_read_revoke_credential(const Request& request) {
    const Integration* integration = native_integration(request, request.segments[0]);
    if (integration == nullptr) return native_unknown("integration");
    return RevokeCredential{
        .tenant = integration->tenant, .integration = integration->id, .uid = request.segments[1]};
}

}  // namespace coffer
