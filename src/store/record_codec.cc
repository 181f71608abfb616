// The bytes of a Change and back; docs/STORE_FORMAT.md says the same byte by byte.

#include <algorithm>

#include "base/check.h"
#include "store/chain_fields.h"

namespace coffer {

namespace {

// The wallet that the entries of a transaction moved, if it is among the puts.
const Wallet* wallet_after(const Transaction& transaction, const std::vector<Record>& puts) {
    for (const Record& put : puts) {
        const auto* wallet = std::get_if<Ptr<Wallet>>(&put);
        if (wallet != nullptr && (*wallet)->tenant == transaction.tenant &&
            (*wallet)->currency == transaction.currency &&
            (*wallet)->player == transaction.player) {
            return wallet->get();
        }
    }
    return nullptr;
}

// The oldest format that can say it: 2 knew nothing of chains, 3 nothing of deposits from them, 4
// nothing of transfers between accounts of the house there and of pauses, 5 nothing of shards.
constexpr std::uint8_t oldest_format = 2;
std::uint8_t format_of(const Record& put) {
    const auto kind = static_cast<RecordKind>(put.index());
    if (kind < RecordKind::settlement) return oldest_format;
    if (kind < RecordKind::deposit_root) return 3;
    if (kind < RecordKind::locator) return kind < RecordKind::chain_transfer ? 4 : 5;
    return 6;
}
std::uint8_t format_of(const Change& change) {
    std::uint8_t format = oldest_format;
    for (const Record& put : change.puts) format = std::max(format, format_of(put));
    return format;
}

void write_put(ByteWriter& writer, const Record& put) {
    writer.byte(static_cast<std::uint8_t>(put.index()));
    std::visit(
        [&](const auto& record) {
            if constexpr (std::is_same_v<std::decay_t<decltype(record)>, std::monostate>) {
                CHECK(false && "an absent record cannot be put");
            } else {
                CHECK(record != nullptr);
                code(writer, *record);
            }
        },
        put);
}

template <class Kept>
Record read_record(ByteReader& reader) {
    auto record = std::make_shared<Kept>();
    code(reader, *record);
    return Ptr<Kept>(std::move(record));
}

Record read_put(ByteReader& reader) {
    RecordKind kind = RecordKind::none;
    reader.choice(kind, RecordKind::tenant, RecordKind::locator);
    if (reader.bad()) return {};
    switch (kind) {
        case RecordKind::none: return {};
        case RecordKind::tenant: return read_record<Tenant>(reader);
        case RecordKind::currency: return read_record<Currency>(reader);
        case RecordKind::integration: return read_record<Integration>(reader);
        case RecordKind::credential: return read_record<Credential>(reader);
        case RecordKind::player: return read_record<Player>(reader);
        case RecordKind::alias: return read_record<Alias>(reader);
        case RecordKind::session: return read_record<Session>(reader);
        case RecordKind::login: return read_record<Login>(reader);
        case RecordKind::promotion: return read_record<Promotion>(reader);
        case RecordKind::withdrawal: return read_record<Withdrawal>(reader);
        case RecordKind::wallet: return read_record<Wallet>(reader);
        case RecordKind::round: return read_record<Round>(reader);
        case RecordKind::key: return read_record<Key>(reader);
        case RecordKind::settlement: return read_record<Settlement>(reader);
        case RecordKind::hot_wallet: return read_record<HotWallet>(reader);
        case RecordKind::withdrawal_policy: return read_record<WithdrawalPolicy>(reader);
        case RecordKind::withdrawal_day: return read_record<WithdrawalDay>(reader);
        case RecordKind::deposit_root: return read_record<DepositRoot>(reader);
        case RecordKind::deposit_address: return read_record<DepositAddress>(reader);
        case RecordKind::address_owner: return read_record<AddressOwner>(reader);
        case RecordKind::deposit_watch: return read_record<DepositWatch>(reader);
        case RecordKind::chain_deposit: return read_record<ChainDeposit>(reader);
        case RecordKind::chain_transfer: return read_record<ChainTransfer>(reader);
        case RecordKind::chain_pause: return read_record<ChainPause>(reader);
        case RecordKind::withdrawal_retry: return read_record<WithdrawalRetry>(reader);
        case RecordKind::locator: return read_record<Locator>(reader);
    }
    return {};
}

void read_change(ByteReader& reader, Change& change) {
    reader.number(change.sequence);
    reader.integer(change.time);
    reader.bytes(change.previous_hash);
    reader.context.sequence = change.sequence;
    reader.context.time = change.time;

    bool has_transaction = false;
    reader.flag(has_transaction);
    const auto transaction = has_transaction ? std::make_shared<Transaction>() : nullptr;
    if (transaction) {
        code(reader, *transaction);
        reader.context.transaction = transaction.get();
    }
    reader.list(change.puts, [&](Record& put) { put = read_put(reader); });
    if (transaction && !reader.bad()) {
        const Wallet* after = wallet_after(*transaction, change.puts);
        reader.list(transaction->entries, [&](Entry& entry) { code(reader, entry, after); });
    }
    change.transaction = transaction;
}

}  // namespace

void encode(const Change& change, std::string& out) {
    ByteWriter writer(out);
    writer.context = {change.sequence, change.time, change.transaction.get()};
    writer.byte(format_of(change));
    writer.number(change.sequence);
    writer.integer(change.time);
    writer.bytes(change.previous_hash);
    writer.flag(change.transaction != nullptr);
    if (change.transaction) code(writer, *change.transaction);
    writer.list(change.puts, [&](const Record& put) { write_put(writer, put); });
    if (change.transaction) {
        const Wallet* after = wallet_after(*change.transaction, change.puts);
        writer.list(change.transaction->entries,
                    [&](const Entry& entry) { code(writer, entry, after); });
    }
}

Result<Change> decode(std::string_view bytes) {
    ByteReader reader(bytes);
    const std::uint8_t version = reader.byte();
    if (!reader.bad() && version > change_format_version) {
        return fail(ErrorCode::corrupt, "a journal record of format " + std::to_string(version) +
                                            ", which only a newer Coffer knows");
    }
    Change change;
    if (!reader.bad() && version < oldest_format) {
        return fail(ErrorCode::corrupt, "a journal record of format " + std::to_string(version) +
                                            ", which this Coffer no longer knows");
    }
    if (!reader.bad()) read_change(reader, change);
    reader.require(reader.at_end() && format_of(change) == version);
    if (reader.bad()) return fail(ErrorCode::corrupt, "a journal record that cannot be read");
    return change;
}

}  // namespace coffer
