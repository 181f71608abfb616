// The log's format is RocksDB's own (db/log_format.h, "Write Ahead Log File Format" in its wiki):
// blocks of 32 KiB; in a block records of a masked CRC-32C, a length, a type and the bytes; a
// record does not straddle blocks, a longer batch is cut in pieces. A batch is an 8-byte sequence
// of RocksDB's own, a count, and its puts.

#include "store/log_check.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "store/rocks_database.h"

namespace coffer {

namespace {

constexpr std::size_t block_bytes = 32 << 10;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t batch_header_bytes = 12;

enum PieceType : std::uint8_t { piece_whole = 1, piece_first, piece_middle, piece_last };

constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t index = 0; index < 256; ++index) {
        std::uint32_t crc = index;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
        table[index] = crc;
    }
    return table;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
    static constexpr auto table = crc_table();
    std::uint32_t crc = ~0U;
    for (const char byte : bytes) {
        crc = table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8);
    }
    crc = ~crc;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t index = bytes.size(); index > 0; --index) {
        value = value << 8 | static_cast<std::uint8_t>(bytes[index - 1]);
    }
    return value;
}

struct Piece {
    PieceType type = piece_whole;
    std::string_view bytes;
};

// The piece at the front of what is left of a block, if it is sound.
std::optional<Piece> sound_piece(std::string_view block) {
    if (block.size() < header_bytes) return std::nullopt;
    const std::size_t length = little_endian(block.substr(4, 2));
    const auto type = static_cast<std::uint8_t>(block[6]);
    if (type < piece_whole || type > piece_last || length > block.size() - header_bytes) {
        return std::nullopt;
    }
    // The sum covers the type, which stands right in front of the bytes.
    if (little_endian(block.substr(0, 4)) != masked_crc32c(block.substr(6, length + 1))) {
        return std::nullopt;
    }
    return Piece{static_cast<PieceType>(type), block.substr(header_bytes, length)};
}

// The journal records a batch holds, read from its beginning: commit() writes nothing but puts of
// consecutive journal records. Empty for the other batches.
struct Held {
    Sequence first = 0;
    std::uint32_t count = 0;
};
Held journal_records(std::string_view batch) {
    constexpr char family_put = 5;  // kTypeColumnFamilyValue
    constexpr std::size_t key_at = batch_header_bytes + 3;
    if (batch.size() < key_at + 8 || batch[batch_header_bytes] != family_put ||
        batch[batch_header_bytes + 1] != static_cast<char>(journal_family_id) ||
        batch[batch_header_bytes + 2] != 8) {
        return {};
    }
    return {sequence_of(batch.substr(key_at, 8)), little_endian(batch.substr(8, 4))};
}

std::string place(const std::string& file, std::uint64_t offset) {
    return file + " at byte " + std::to_string(offset);
}

class Scanner {
public:
    explicit Scanner(LogScan& scan) : scan_(scan) {}

    void file(const std::string& name) {
        name_ = name;
        begun_ = {};
    }
    void block(std::string_view block, std::uint64_t offset) {
        std::size_t at = 0;
        bool damaged = false;
        while (block.size() - at >= header_bytes) {
            if (const auto piece = sound_piece(block.substr(at))) {
                take(*piece, offset + at);
                at += header_bytes + piece->bytes.size();
                continue;
            }
            if (!damaged) damage(offset + at);
            // From here on every byte may be where a sound piece begins.
            damaged = true;
            ++at;
        }
        // Fewer bytes than a header end a block as zeros, and a file as a torn header.
        if (block.size() < block_bytes && at < block.size() && !damaged) damage(offset + at);
    }

private:
    void damage(std::uint64_t offset) {
        if (scan_.damage.empty()) scan_.damage = place(name_, offset);
        begun_ = {};
    }
    void take(const Piece& piece, std::uint64_t offset) {
        if (piece.type == piece_whole || piece.type == piece_first) {
            begun_ = journal_records(piece.bytes);
            // That it was begun shows that what came before it was durable.
            if (begun_.first != 0) durable(begun_.first - 1, offset);
        }
        if (piece.type == piece_whole || piece.type == piece_last) {
            if (begun_.first != 0) durable(begun_.first + begun_.count - 1, offset);
            begun_ = {};
        }
    }
    void durable(Sequence sequence, std::uint64_t offset) {
        if (sequence <= scan_.durable) return;
        scan_.durable = sequence;
        scan_.evidence = place(name_, offset);
    }

    LogScan& scan_;
    std::string name_;
    Held begun_;
};

Result<void> scan_log(rocksdb::FileSystem& files, const std::string& path, Scanner& scanner) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    auto status = files.NewSequentialFile(path, {}, &file, nullptr);
    std::string buffer(block_bytes, '\0');
    std::string block;
    for (std::uint64_t offset = 0; status.ok(); offset += block_bytes) {
        block.clear();
        while (block.size() < block_bytes) {
            rocksdb::Slice read;
            status = file->Read(block_bytes - block.size(), {}, &read, buffer.data(), nullptr);
            if (!status.ok() || read.empty()) break;
            block.append(read.data(), read.size());
        }
        if (block.empty() || !status.ok()) break;
        scanner.block(block, offset);
    }
    if (!status.ok()) return std::unexpected(error_of(status, "reading " + path));
    return {};
}

}  // namespace

Result<LogScan> scan_logs(rocksdb::FileSystem& files, const std::string& directory) {
    std::vector<std::string> names;
    if (const auto status = files.GetChildren(directory, {}, &names, nullptr); !status.ok()) {
        return std::unexpected(error_of(status, "listing " + directory));
    }
    std::vector<std::pair<std::uint64_t, std::string>> logs;
    for (const std::string& name : names) {
        std::uint64_t number = 0;
        const char* last = name.data() + name.size();
        const auto [stop, error] = std::from_chars(name.data(), last, number);
        if (error == std::errc{} && std::string_view(stop, last) == ".log")
            logs.emplace_back(number, name);
    }
    std::sort(logs.begin(), logs.end());

    LogScan scan;
    Scanner scanner(scan);
    for (const auto& [number, name] : logs) {
        scanner.file(name);
        TRY(scan_log(files, directory + "/" + name, scanner));
    }
    return scan;
}

Result<void> check_logs(rocksdb::FileSystem& files, const rocksdb::DBOptions& options,
                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                        const std::string& directory) {
    const Result<LogScan> scan = scan_logs(files, directory);
    if (!scan) return std::unexpected(scan.error());
    if (scan->damage.empty()) return {};

    // Only now it matters how far RocksDB gets. Opening for reading changes nothing on disk.
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto status =
        rocksdb::DB::OpenForReadOnly(options, directory, families, &handles, &opened);
    if (!status.ok()) return std::unexpected(error_of(status, "reading past " + scan->damage));
    const std::unique_ptr<rocksdb::DB> database(opened);
    const Result<JournalEnd> end = read_end(*database, handles[2]);
    for (auto* handle : handles) database->DestroyColumnFamilyHandle(handle);
    if (!end) return std::unexpected(end.error());
    if (scan->durable > end->sequence) {
        return fail(ErrorCode::corrupt, "the log " + scan->damage +
                                            " is damaged and good records follow it: journal "
                                            "record " +
                                            std::to_string(scan->durable) + " was durable, as " +
                                            scan->evidence + " shows, but only " +
                                            std::to_string(end->sequence) +
                                            " can be read. Restore a backup");
    }
    return {};
}

}  // namespace coffer
