#include "base/metrics.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>
#include <map>
#include <mutex>

#include "base/check.h"

namespace coffer {
namespace {

enum class Kind { counter, gauge, histogram };

std::string_view kind_word(Kind kind) {
    switch (kind) {
        case Kind::counter: return "counter";
        case Kind::gauge: return "gauge";
        case Kind::histogram: return "histogram";
    }
    return {};
}

struct Series {
    Counter counter;
    Gauge gauge;
    std::unique_ptr<Histogram> histogram;  // only where asked for: it is thirty times the others
};

struct Family {
    std::string help;
    Kind kind = Kind::counter;
    double unit = 1;
    std::map<std::string, std::unique_ptr<Series>, std::less<>> series;  // by labels
};

bool is_metric_name(std::string_view name) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto good_later = [&](char c) { return good(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && good(name.front()) && std::ranges::all_of(name, good_later);
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
    std::array<char, 24> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

// A count in its unit, with the fifteen digits that a double surely has: the last bits of a product
// such as 51 times 1e-6 would otherwise be printed as a tail of nines.
void append_scaled(std::string& out, std::uint64_t count, double unit) {
    std::array<char, 32> text;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), static_cast<double>(count) * unit,
                      std::chars_format::general, 15)
            .ptr;
    out.append(text.data(), end);
}

struct SampleName {
    std::string_view family;
    std::string_view suffix;
    std::string_view labels;
};

// `family_suffix{labels} `, ready for the value.
void append_name(std::string& out, const SampleName& name) {
    out.append(name.family).append(name.suffix);
    if (!name.labels.empty()) out.append("{").append(name.labels).append("}");
    out.push_back(' ');
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const Histogram& histogram, double unit) {
    const std::uint64_t sum = histogram.sum();
    std::uint64_t so_far = 0;
    const auto bucket = [&](int index) {
        so_far += histogram.bucket(index);
        out.append(name).append("_bucket{").append(labels).append(labels.empty() ? "" : ",");
        out.append("le=\"");
        if (index == Histogram::buckets) {
            out.append("+Inf");
        } else {
            append_scaled(out, std::uint64_t{1} << index, unit);
        }
        out.append("\"} ");
        append_integer(out, so_far);
        out.push_back('\n');
    };
    for (int index = 0; index <= Histogram::buckets; ++index) bucket(index);
    append_name(out, {name, "_sum", labels});
    append_scaled(out, sum, unit);
    out.push_back('\n');
    // The count is what the buckets just gave, so that it equals +Inf whatever was observed
    // meanwhile.
    append_name(out, {name, "_count", labels});
    append_integer(out, so_far);
    out.push_back('\n');
}

void append_help(std::string& out, std::string_view help) {
    for (const char c : help) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out.push_back(c);
        }
    }
}

void append_family(std::string& out, std::string_view name, const Family& family) {
    out.append("# HELP ").append(name).append(" ");
    append_help(out, family.help);
    out.append("\n# TYPE ").append(name).append(" ").append(kind_word(family.kind)).append("\n");
    for (const auto& [labels, series] : family.series) {
        switch (family.kind) {
            case Kind::counter:
                append_name(out, {name, "", labels});
                append_integer(out, series->counter.value());
                out.push_back('\n');
                break;
            case Kind::gauge:
                append_name(out, {name, "", labels});
                append_integer(out, series->gauge.value());
                out.push_back('\n');
                break;
            case Kind::histogram:
                append_histogram(out, name, labels, *series->histogram, family.unit);
                break;
        }
    }
}

}  // namespace

// Bucket i holds what is above 2^(i-1) and at most 2^i.
void Histogram::observe(std::uint64_t value) {
    const int width = value == 0 ? 0 : static_cast<int>(std::bit_width(value - 1));
    const auto index = static_cast<std::size_t>(std::min(width, buckets));
    counts_[index].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
    std::uint64_t total = 0;
    for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
    return total;
}

struct Metrics::Registry {
    mutable std::mutex mutex;
    std::map<std::string, Family, std::less<>> families;

    Series& series(std::string_view name, std::string_view help, Kind kind, double unit,
                   std::string_view labels) {
        CHECK(is_metric_name(name));
        const std::lock_guard lock(mutex);
        auto family = families.find(name);
        if (family == families.end()) {
            family = families.emplace(name, Family{std::string(help), kind, unit, {}}).first;
        }
        CHECK(family->second.kind == kind);
        auto& all = family->second.series;
        auto found = all.find(labels);
        if (found == all.end()) {
            found = all.emplace(labels, std::make_unique<Series>()).first;
            if (kind == Kind::histogram) found->second->histogram = std::make_unique<Histogram>();
        }
        return *found->second;
    }
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}

Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    return registry_->series(name, help, Kind::counter, 1, labels).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    return registry_->series(name, help, Kind::gauge, 1, labels).gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, double unit,
                              std::string_view labels) {
    return *registry_->series(name, help, Kind::histogram, unit, labels).histogram;
}

std::string Metrics::expose() const {
    const std::lock_guard lock(registry_->mutex);
    std::string out;
    for (const auto& [name, family] : registry_->families) append_family(out, name, family);
    return out;
}

}  // namespace coffer
