#pragma once
// Every SQL text of the program, so that one look (and tools/sql_lint.py) can judge them all.
//
// They keep to what PostgreSQL 15 to 18, Citus, CockroachDB and YugabyteDB all run unchanged: read
// committed and row locks; every statement names one shard by equality; numbers and times come from
// the process; no now(), sequences, triggers, advisory locks, NOTIFY, MERGE, division or DDL that
// cannot be repeated. What is PostgreSQL's own stands at the end and may fail elsewhere without
// harm.

#include <array>
#include <span>
#include <string_view>

namespace coffer::sql {

// The wire's numbers of the types that parameters have.
inline constexpr unsigned type_smallint = 21, type_bigint = 20, type_text = 25, type_bytea = 17,
                          type_uuid = 2950, type_bigints = 1016, type_byteas = 1001,
                          type_uuids = 2951;

struct Statement {
    const char* name;
    const char* text;
    std::array<unsigned, 5> types;  // 0 after the last
    std::size_t parameters() const {
        std::size_t count = 0;
        while (count < types.size() && types[count] != 0) ++count;
        return count;
    }
};

// ---- a batch ------------------------------------------------------------------------------------

inline constexpr const char* begin = "begin isolation level read committed";
inline constexpr const char* commit = "commit";
inline constexpr const char* rollback = "rollback";

// The head's lock is the shard's: who holds it is the only one that writes there. Taking it is a
// write, so that the commit of a batch without changes, too, waits until a synchronous standby has
// everything that the batch saw: after a restart a primary shows commits that only itself has.
inline constexpr Statement lock_head{
    "coffer_lock_head",
    "select sequence, time, hash, directory from coffer_head where shard = $1 for update",
    {type_smallint}};

inline constexpr Statement find_records{
    "coffer_find_records",
    "select r.hash, j.sequence, j.body from coffer_record r"
    " join coffer_journal j on j.shard = r.shard and j.sequence = r.sequence"
    " where r.shard = $1 and j.shard = $1 and r.hash = any ($2)",
    {type_smallint, type_uuids}};

inline constexpr Statement add_journal{
    "coffer_add_journal",
    "insert into coffer_journal (shard, sequence, time, body)"
    " select $1, w.sequence, w.time, w.body"
    " from unnest($2::bigint[], $3::bigint[], $4::bytea[]) as w (sequence, time, body)",
    {type_smallint, type_bigints, type_bigints, type_byteas}};

// For names that this very transaction has seen to be free, which takes a third less than looking
// again, as for all others:
inline constexpr Statement add_records{
    "coffer_add_records",
    "insert into coffer_record (shard, hash, sequence)"
    " select $1, w.hash, w.sequence from unnest($2::uuid[], $3::bigint[]) as w (hash, sequence)",
    {type_smallint, type_uuids, type_bigints}};

inline constexpr Statement put_records{
    "coffer_put_records",
    "insert into coffer_record (shard, hash, sequence)"
    " select $1, w.hash, w.sequence from unnest($2::uuid[], $3::bigint[]) as w (hash, sequence)"
    " on conflict (shard, hash) do update set sequence = excluded.sequence",
    {type_smallint, type_uuids, type_bigints}};

inline constexpr Statement move_head{
    "coffer_move_head",
    "update coffer_head set sequence = $2, time = $3, hash = $4, directory = $5 where shard = $1",
    {type_smallint, type_bigint, type_bigint, type_bytea, type_bigint}};

// ---- reading ------------------------------------------------------------------------------------

// Between two questions a proof may think for longer than a lane ever does.
inline constexpr const char* think_long = "set idle_in_transaction_session_timeout = 0";
inline constexpr const char* begin_snapshot = "begin isolation level repeatable read read only";

inline constexpr Statement read_head{
    "coffer_read_head",
    "select sequence, time, hash, directory from coffer_head where shard = $1",
    {type_smallint}};

inline constexpr Statement journal_upward{
    "coffer_journal_upward",
    "select sequence, body from coffer_journal where shard = $1 and sequence >= $2"
    " order by sequence limit $3",
    {type_smallint, type_bigint, type_bigint}};

inline constexpr Statement journal_downward{
    "coffer_journal_downward",
    "select sequence, body from coffer_journal where shard = $1 and sequence <= $2"
    " order by sequence desc limit $3",
    {type_smallint, type_bigint, type_bigint}};

inline constexpr Statement journal_at{
    "coffer_journal_at",
    "select sequence, body from coffer_journal where shard = $1 and sequence = any ($2)",
    {type_smallint, type_bigints}};

// Without the journal's bytes, which many of the records may share.
inline constexpr Statement find_places{
    "coffer_find_places",
    "select hash, sequence from coffer_record where shard = $1 and hash = any ($2)",
    {type_smallint, type_uuids}};

inline constexpr Statement names_after{
    "coffer_names_after",
    "select hash from coffer_record where shard = $1 and hash > $2 order by hash limit $3",
    {type_smallint, type_uuid, type_bigint}};

// The records of a kind lie together, since the hash begins with the kind.
inline constexpr Statement places_between{
    "coffer_places_between",
    "select hash, sequence from coffer_record where shard = $1 and hash > $2 and hash < $3"
    " order by hash limit $4",
    {type_smallint, type_uuid, type_uuid, type_bigint}};

inline constexpr Statement read_meta{
    "coffer_read_meta", "select name, value from coffer_meta where shard = $1", {type_smallint}};

// ---- the schema ---------------------------------------------------------------------------------

// Forward only: a newer Coffer appends to this list, and no statement of it is ever changed. Each
// may be run again.
inline constexpr std::array schema_1{
    "create table if not exists coffer_meta ("
    " shard smallint not null, name text not null, value bytea not null,"
    " primary key (shard, name))",
    "create table if not exists coffer_head ("
    " shard smallint not null, sequence bigint not null, time bigint not null,"
    " hash bytea not null, directory bigint not null, primary key (shard))",
    "create table if not exists coffer_journal ("
    " shard smallint not null, sequence bigint not null, time bigint not null,"
    " body bytea not null, primary key (shard, sequence))",
    "create table if not exists coffer_record ("
    " shard smallint not null, hash uuid not null, sequence bigint not null,"
    " primary key (shard, hash))",
};
// The second is the first with several shards, of which an older Coffer would see one.
inline constexpr int schema_of_one_shard = 1;
inline constexpr int schema_version = 2;

inline constexpr Statement add_meta{
    "coffer_add_meta",
    "insert into coffer_meta (shard, name, value) values ($1, $2, $3)"
    " on conflict (shard, name) do nothing",
    {type_smallint, type_text, type_bytea}};

inline constexpr Statement add_head{
    "coffer_add_head",
    "insert into coffer_head (shard, sequence, time, hash, directory) values ($1, $2, 0, $3, 0)"
    " on conflict (shard) do nothing",
    {type_smallint, type_bigint, type_bytea}};

// {role} and {schema} are replaced by quoted names.
inline constexpr const char* current_schema = "select current_schema()::text";
inline constexpr std::array grants{
    "grant usage on schema {schema} to {role}",
    "grant select, insert on coffer_meta to {role}",
    "grant select, update on coffer_head to {role}",
    "grant select, insert on coffer_journal to {role}",
    "grant select, insert, update on coffer_record to {role}",
};

// ---- a connection -------------------------------------------------------------------------------

inline constexpr const char* show_synchronous_commit = "show synchronous_commit";

// {ms} is replaced. A statement, a wait for a lock and a silence inside a transaction each have an
// end at the server too, so that a process that is gone or frozen holds nobody up for long.
inline constexpr std::array limits{
    "set statement_timeout = {ms}",
    "set lock_timeout = 1000",
    "set idle_in_transaction_session_timeout = 5000",
};

// ---- PostgreSQL's own: may fail elsewhere
// ---------------------------------------------------------

// A plan that was made and kept while a table was empty reads the whole table for ever after
// (measured elsewhere: 8,800 movements a second instead of 112,000, with stalls of 2 s). These
// leave the planner nothing but the primary keys, whatever it thinks of the tables.
inline constexpr std::array planner{
    "set plan_cache_mode = force_generic_plan",
    "set enable_seqscan = off",
    "set enable_bitmapscan = off",
    "set enable_hashjoin = off",
    "set enable_mergejoin = off",
    "set jit = off",
};

// Room on the pages of rows that are replaced in place, and a vacuum that comes by often where few
// rows change all the time.
inline constexpr std::array storage{
    "alter table coffer_head set (fillfactor = 10, autovacuum_vacuum_scale_factor = 0,"
    " autovacuum_vacuum_threshold = 5000)",
    "alter table coffer_record set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02,"
    " autovacuum_vacuum_insert_scale_factor = 0.1)",
    "alter table coffer_journal set (autovacuum_vacuum_insert_scale_factor = 0.1)",
};

// Citus only, by `coffer migrate --distribute citus`.
inline constexpr std::array distribute_citus{
    "select create_distributed_table('coffer_meta', 'shard')",
    "select create_distributed_table('coffer_head', 'shard', colocate_with => 'coffer_meta')",
    "select create_distributed_table('coffer_journal', 'shard', colocate_with => 'coffer_meta')",
    "select create_distributed_table('coffer_record', 'shard', colocate_with => 'coffer_meta')",
};

}  // namespace coffer::sql
