// `coffer migrate`: the tables of a PostgreSQL store.
//
// Each statement may be run again and is a transaction of its own, because not every database can
// change a schema inside one. Two that start at once may stumble over each other's `create table`;
// whoever stumbles begins again and finds the work done.

#include "store/postgres_schema.h"

#include <algorithm>
#include <charconv>

#include "base/random.h"
#include "store/postgres_reader.h"
#include "store/postgres_store.h"

namespace coffer {

namespace {

constexpr int attempts_max = 5;
constexpr LinkLimits patient{.connect = 5 * second_us, .statements = 60 * second_us};

std::string_view text_of(const SecretKey16& secret) {
    return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

Result<void> run_one(PostgresLink& link, const std::string& text) {
    link.queue(text.c_str());
    const auto done = link.ask();
    return done ? Result<void>{} : std::unexpected(done.error());
}

Result<void> run_one(PostgresLink& link, const sql::Statement& statement,
                     const PostgresValues& values) {
    link.queue(statement, values);
    const auto done = link.ask();
    return done ? Result<void>{} : std::unexpected(done.error());
}

Result<Shard> shards_in(std::string_view text) {
    Shard shards = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), shards);
    if (read.ec == std::errc() && shards >= 1 && shards <= shards_max) return shards;
    return fail(ErrorCode::corrupt,
                "a store that says that it has " + std::string(text) + " shards");
}

Result<Shard> read_shards(PostgresLink& link) {
    const auto text = read_meta(link, "shards");
    if (!text) return std::unexpected(text.error());
    return shards_in(*text);
}

Result<void> make_schema(PostgresLink& link, Shard shards) {
    for (const char* text : sql::schema_1) TRY(run_one(link, text));
    for (const char* text : sql::storage) {
        // PostgreSQL's own; a database that does not know them does without.
        if (const auto done = run_one(link, text); !done && link.broken()) return done;
    }
    SecretKey16 secret{};
    fill_random(secret);
    TRY(add_meta(link, "secret", text_of(secret)));
    TRY(add_meta(link, "shards", std::to_string(shards)));
    // What two that start at once agree on is what the first has said.
    const auto agreed = read_shards(link);
    if (!agreed) return std::unexpected(agreed.error());
    const Digest none{};
    for (Shard shard = 0; shard < *agreed; ++shard) {
        PostgresValues values;
        values.add_small(shard);
        values.add_big(before_first(shard));
        values.add_bytes({reinterpret_cast<const char*>(none.data()), none.size()});
        TRY(run_one(link, sql::add_head, values));
    }
    // Last, so that a store whose making broke off is not taken for a whole one.
    return add_meta(link, "schema",
                    std::to_string(*agreed == 1 ? sql::schema_of_one_shard : sql::schema_version));
}

// Names of SQL in double quotes, whatever is in them.
std::string quoted(std::string_view name) {
    std::string text = "\"";
    for (const char letter : name) text += letter == '"' ? "\"\"" : std::string(1, letter);
    return text + "\"";
}

void replace(std::string& text, std::string_view word, const std::string& with) {
    if (const std::size_t at = text.find(word); at != std::string::npos)
        text.replace(at, word.size(), with);
}

Result<void> grant(PostgresLink& link, const std::string& role) {
    link.queue(sql::current_schema);
    const auto answers = link.ask();
    if (!answers) return std::unexpected(answers.error());
    const std::string schema(answers->front().bytes(0, 0));
    for (std::string text : sql::grants) {
        replace(text, "{role}", quoted(role));
        replace(text, "{schema}", quoted(schema));
        TRY(run_one(link, text));
    }
    return {};
}

}  // namespace

Result<void> add_meta(PostgresLink& link, std::string_view name, std::string_view value) {
    PostgresValues values;
    values.add_small(first_shard);
    values.add_bytes(name);
    values.add_bytes(value);
    return run_one(link, sql::add_meta, values);
}

Result<std::string> read_meta(PostgresLink& link, std::string_view name) {
    PostgresValues values;
    values.add_small(first_shard);
    link.queue(sql::read_meta, values);
    const auto answers = link.ask();
    if (!answers) return std::unexpected(answers.error());
    for (std::size_t row = 0; row < answers->front().size(); ++row) {
        if (answers->front().bytes(row, 0) == name)
            return std::string(answers->front().bytes(row, 1));
    }
    return std::string();
}

Result<PostgresSchema> read_schema(PostgresLink& link, const PostgresPlace& place) {
    PostgresValues values;
    values.add_small(first_shard);
    link.queue(sql::read_meta, values);
    const auto answers = link.ask();
    if (!answers && answers.error().code != ErrorCode::not_found)
        return std::unexpected(answers.error());
    PostgresSchema schema;
    std::string shards;
    bool has_secret = false;
    for (std::size_t row = 0; answers && row < answers->front().size(); ++row) {
        const std::string_view name = answers->front().bytes(row, 0);
        const std::string_view value = answers->front().bytes(row, 1);
        if (name == "schema") {
            std::from_chars(value.data(), value.data() + value.size(), schema.version);
        } else if (name == "secret" && value.size() == schema.secret.size()) {
            std::copy(value.begin(), value.end(), schema.secret.begin());
            has_secret = true;
        } else if (name == "shards") {
            shards = value;
        }
    }
    if (schema.version == 0) {
        return fail(ErrorCode::not_found,
                    "there is no Coffer store in " + place.text() + "; `coffer migrate` makes one");
    }
    if (schema.version > sql::schema_version) {
        return fail(ErrorCode::invalid,
                    "the store in " + place.text() + " has schema " +
                        std::to_string(schema.version) + ", and this program knows none after " +
                        std::to_string(sql::schema_version) + ": it needs a newer Coffer");
    }
    if (!has_secret)
        return fail(ErrorCode::corrupt, "the store in " + place.text() + " has lost its secret");
    const auto count = shards_in(shards);
    if (!count) return std::unexpected(count.error());
    schema.shards = *count;
    return schema;
}

Result<std::string> migrate_postgres(const MigrateOptions& options) {
    const auto place = PostgresPlace::parse(options.uri);
    if (!place) return std::unexpected(place.error());
    if (options.shards > shards_max) {
        return fail(ErrorCode::invalid,
                    "a store has at most " + std::to_string(shards_max) + " shards");
    }
    auto link = PostgresLink::open(*place, patient);
    if (!link) return std::unexpected(link.error());

    auto schema = read_schema(**link, *place);
    const bool is_new = !schema && schema.error().code == ErrorCode::not_found;
    if (!schema && !is_new) return std::unexpected(schema.error());
    for (int attempt = 1; is_new; ++attempt) {
        const auto made =
            make_schema(**link, options.shards == 0 ? shards_default : options.shards);
        if (made) break;
        if ((*link)->broken() || attempt == attempts_max) return std::unexpected(made.error());
    }
    schema = read_schema(**link, *place);
    if (!schema) return std::unexpected(schema.error());
    if (options.shards != 0 && options.shards != schema->shards) {
        return fail(ErrorCode::invalid, "the store in " + place->text() + " has " +
                                            std::to_string(schema->shards) +
                                            " shards, and their number never changes");
    }
    std::string said = place->text() + ": schema " + std::to_string(schema->version) + " of " +
                       std::to_string(schema->shards) +
                       (schema->shards == 1 ? " shard" : " shards") +
                       (is_new ? " made" : " was there already");
    if (options.distribute_citus) {
        for (const char* text : sql::distribute_citus) TRY(run_one(**link, text));
        said += "; tables distributed by shard";
    }
    if (!options.runtime_role.empty()) {
        TRY(grant(**link, options.runtime_role));
        said += "; " + options.runtime_role + " may run on it";
    }
    return said;
}

std::string postgres_place(const std::string& uri) {
    const auto place = PostgresPlace::parse(uri);
    return place ? place->text() : "a database whose address cannot be understood";
}

}  // namespace coffer
