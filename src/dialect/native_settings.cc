// The settings of an integration, by name: which dialect has which, what each may be, and how it is
// shown. A misspelt setting is an error, because one that is quietly ignored is found out with
// money.

#include <charconv>

#include "dialect/address_list.h"
#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t list_elements_max = 64;
constexpr std::size_t text_bytes_max = 255;

// Each of these templates is one type of setting: `read` puts a value in and says what is wrong
// with it
// ("" if nothing), `reset` puts the default back, `write` shows it.

template <auto Field>
void reset(IntegrationSettings& settings) {
    settings.*Field = IntegrationSettings{}.*Field;
}

template <auto Field, std::int64_t Min, std::int64_t Max>
struct Whole {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        const auto number =
            value.type == Value::Type::number ? parse_integer(value.text, Min, Max) : std::nullopt;
        if (!number) {
            return "must be a whole number from " + std::to_string(Min) + " to " +
                   std::to_string(Max);
        }
        settings.*Field = *number;
        return {};
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        json.integer(settings.*Field);
    }
    static constexpr auto reset = coffer::reset<Field>;
};

template <auto Field>
struct Flag {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        if (value.type != Value::Type::boolean) return "must be true or false";
        settings.*Field = value.boolean;
        return {};
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        json.boolean(settings.*Field);
    }
    static constexpr auto reset = coffer::reset<Field>;
};

template <class T>
struct Word {
    std::string_view word;
    T value;
};

template <auto Field, const auto& Words>
struct Choice {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        std::string allowed;
        for (const auto& [word, meaning] : Words) {
            if (value.type == Value::Type::string && value.text == word) {
                settings.*Field = meaning;
                return {};
            }
            if (!allowed.empty()) allowed += " or ";
            allowed += word;
        }
        return "must be " + allowed;
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        for (const auto& [word, meaning] : Words) {
            if (settings.*Field == meaning) json.string(word);
        }
    }
    static constexpr auto reset = coffer::reset<Field>;
};

// `Mistake` says what is wrong with a text.
template <auto Field, std::string (*Mistake)(std::string_view)>
struct Text {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        if (value.type != Value::Type::string) return "must be a string";
        std::string mistake = Mistake(value.text);
        if (mistake.empty()) settings.*Field = value.text;
        return mistake;
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        json.string(settings.*Field);
    }
    static constexpr auto reset = coffer::reset<Field>;
};

template <auto Field, std::string (*Mistake)(std::string_view)>
struct Texts {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        constexpr const char* what = "must be an array of at most 64 strings";
        if (value.type != Value::Type::array) return what;
        const auto array = Body::parse_array(value.text);
        if (!array || array->members().size() > list_elements_max) return what;
        std::vector<std::string> texts;
        for (const Member& element : array->members()) {
            if (element.value.type != Value::Type::string) return what;
            if (std::string mistake = Mistake(element.value.text); !mistake.empty()) return mistake;
            texts.emplace_back(element.value.text);
        }
        settings.*Field = std::move(texts);
        return {};
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        json.open_array();
        for (const std::string& text : settings.*Field) json.string(text);
        json.close_array();
    }
    static constexpr auto reset = coffer::reset<Field>;
};

template <auto Field>
struct Numbers {
    static std::string read(const Value& value, IntegrationSettings& settings) {
        constexpr const char* what = "must be an array of at most 64 whole numbers of 64 bits";
        if (value.type != Value::Type::array) return what;
        const auto array = Body::parse_array(value.text);
        if (!array || array->members().size() > list_elements_max) return what;
        std::vector<std::uint64_t> numbers;
        for (const Member& element : array->members()) {
            if (element.value.type != Value::Type::number) return what;
            const std::string_view text = element.value.text;
            std::uint64_t number = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), number);
            if (error != std::errc{} || end != text.data() + text.size()) return what;
            numbers.push_back(number);
        }
        settings.*Field = std::move(numbers);
        return {};
    }
    static void write(JsonWriter& json, const IntegrationSettings& settings) {
        json.open_array();
        for (const std::uint64_t number : settings.*Field) json.integer_unsigned(number);
        json.close_array();
    }
    static constexpr auto reset = coffer::reset<Field>;
};

// ---- what is wrong with a text ------------------------------------------------------------------

std::string cidr_mistake(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    const std::int64_t bits_max = address.find(':') == std::string_view::npos ? 32 : 128;
    const bool prefix = slash == std::string_view::npos ||
                        parse_integer(text.substr(slash + 1), 0, bits_max).has_value();
    return parse_peer_address(address) && prefix ? "" : "must hold networks like 192.0.2.0/24";
}

std::string origin_mistake(std::string_view text) {
    if (text == "*") return {};
    const bool scheme = text.starts_with("https://") || text.starts_with("http://");
    const std::size_t host = text.find("//") + 2;
    const bool rest = scheme && text.size() > host && text.size() <= text_bytes_max &&
                      text.find_first_of("/ ?#*@", host) == std::string_view::npos &&
                      is_plain_text(text);
    return rest ? "" : "must hold * or origins like https://games.example";
}

std::string platform_wallet_mistake(std::string_view text) {
    return text.empty() ? std::string() : native_address_mistake(text);
}

std::string amount_mistake(std::string_view text) {
    const Result<Amount> amount = parse_amount(text, scale_max);
    return amount && !amount->is_negative() ? ""
                                            : "must be a decimal number in a string, 0 or more";
}

std::string game_code_mistake(std::string_view text) {
    const bool fine = !text.empty() && text.size() <= text_bytes_max && is_plain_text(text);
    return fine ? "" : "must have 1 to 255 bytes and no control characters";
}

// ---- the table ----------------------------------------------------------------------------------

using S = IntegrationSettings;

constexpr std::array<Word<HmacHash>, 2> hashes{
    {{"sha256", HmacHash::sha256}, {"sha512", HmacHash::sha512}}};
constexpr std::array<Word<SignatureEncoding>, 2> encodings{
    {{"hex", SignatureEncoding::hex}, {"base64", SignatureEncoding::base64}}};
constexpr std::array<Word<SignatureInput>, 2> inputs{
    {{"body", SignatureInput::body}, {"target-body", SignatureInput::target_body}}};
constexpr std::array<Word<DebitDirection>, 2> directions{
    {{"pays", DebitDirection::pays}, {"charge", DebitDirection::charge}}};
constexpr std::array<Word<std::uint8_t>, 3> buckets{
    {{"bought", static_cast<std::uint8_t>(AccountCode::bought)},
     {"earned", static_cast<std::uint8_t>(AccountCode::earned)},
     {"bonus", static_cast<std::uint8_t>(AccountCode::bonus)}}};

struct Setting {
    std::string_view name;
    unsigned dialects;  // bit per DialectId
    std::string (*read)(const Value& value, IntegrationSettings& settings);
    void (*reset)(IntegrationSettings& settings);
    void (*write)(JsonWriter& json, const IntegrationSettings& settings);
};

constexpr unsigned bit(DialectId dialect) { return 1U << static_cast<unsigned>(dialect); }
constexpr unsigned any = ~0U;
constexpr unsigned of_operator = bit(DialectId::operator_);
constexpr unsigned of_integrator = bit(DialectId::integrator);
constexpr unsigned of_rgs = bit(DialectId::rgs);
constexpr unsigned of_sverse = bit(DialectId::sverse);
constexpr unsigned of_kgen = bit(DialectId::kgen);

template <class Type>
constexpr Setting setting(std::string_view name, unsigned dialects) {
    return {name, dialects, Type::read, Type::reset, Type::write};
}

constexpr std::int64_t year_s = 366 * day_us / second_us;

constexpr std::array table{
    setting<Whole<&S::deadline_ms, 10, 60'000>>("deadline_ms", any),
    setting<Whole<&S::calls_per_second, 0, 1'000'000>>("calls_per_second", any),
    setting<Texts<&S::ip_allow, cidr_mistake>>("ip_allow", any),
    setting<Texts<&S::trusted_proxies, cidr_mistake>>("trusted_proxies", any),
    setting<Texts<&S::allowed_origins, origin_mistake>>("allowed_origins", any),
    setting<Whole<&S::token_ttl_s, 1, year_s>>("token_ttl_s", of_operator),
    setting<Whole<&S::session_ttl_s, 0, year_s>>("session_ttl_s",
                                                 of_integrator | of_rgs | of_sverse | of_kgen),
    setting<Numbers<&S::provider_ids>>("provider_ids", of_integrator),
    setting<Choice<&S::signature_hash, hashes>>("signature_hash", of_integrator),
    setting<Choice<&S::signature_encoding, encodings>>("signature_encoding", of_integrator),
    setting<Choice<&S::signature_input, inputs>>("signature_input", of_integrator),
    setting<Flag<&S::payout_needs_wager>>("payout_needs_wager", of_integrator),
    setting<Whole<&S::round_age_days, 1, 3650>>("round_age_days", of_integrator),
    setting<Choice<&S::debit_direction, directions>>("debit_direction", of_rgs),
    setting<Text<&S::game_code, game_code_mistake>>("game_code", of_sverse),
    setting<Text<&S::client_credit_max, amount_mistake>>("client_credit_max", of_sverse),
    setting<Text<&S::client_credit_day_max, amount_mistake>>("client_credit_day_max", of_sverse),
    setting<Text<&S::platform_wallet, platform_wallet_mistake>>("platform_wallet", of_kgen),
    setting<Text<&S::minimum_withdrawal, amount_mistake>>("minimum_withdrawal", of_kgen),
    setting<Choice<&S::payout_bucket, buckets>>("payout_bucket", any),
    setting<Choice<&S::deposit_bucket, buckets>>("deposit_bucket", any),
    setting<Choice<&S::grant_bucket, buckets>>("grant_bucket", any),
};

const Setting* find_setting(std::string_view name, DialectId dialect) {
    for (const Setting& setting : table) {
        if (setting.name == name && (setting.dialects & bit(dialect)) != 0) return &setting;
    }
    return nullptr;
}

}  // namespace

std::string native_read_settings(std::string_view json, DialectId dialect,
                                 IntegrationSettings& settings) {
    const auto body = Body::parse(json);
    if (!body) return "settings: " + body.error();
    for (const auto& [name, value] : body->members()) {
        const Setting* found = find_setting(name, dialect);
        if (found == nullptr) {
            return "settings: " + std::string(native_dialect_word(dialect)) + " has no setting " +
                   std::string(name);
        }
        if (value.type == Value::Type::null) {
            found->reset(settings);
            continue;
        }
        if (const std::string mistake = found->read(value, settings); !mistake.empty()) {
            return "settings: " + std::string(name) + " " + mistake;
        }
    }
    settings.platform_wallet = native_lower_case(settings.platform_wallet);
    return {};
}

void native_write_settings(JsonWriter& json, const Integration& integration) {
    json.open_object();
    for (const Setting& setting : table) {
        if ((setting.dialects & bit(integration.dialect)) == 0) continue;
        json.key(setting.name);
        setting.write(json, integration.settings);
    }
    json.close_object();
}

}  // namespace coffer
