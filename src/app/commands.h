#pragma once
// The commands, one file each. Each prints what people need, and returns the exit code: 0 when all
// is well, 1 when it is not; parse_options() answers wrong command lines with codes of its own.

#include "app/options.h"

namespace coffer {

int run(const InitOptions& options);            // init.cc
int run(const MigrateCommandOptions& options);  // migrate.cc
int run(const KeyCreateOptions& options);       // key.cc
int run(const KeyListOptions& options);         // key.cc
int run(const KeyRevokeOptions& options);       // key.cc
int run(const ServeOptions& options);           // serve.cc
int run(const DemoOptions& options);            // demo.cc
int run(const VerifyOptions& options);          // verify.cc
int run(const BackupOptions& options);          // backup.cc
int run(const RestoreOptions& options);         // restore.cc
int run(const ExplainOptions& options);         // explain.cc
int run(const CopyOptions& options);            // copy.cc
int run(const ReindexOptions& options);         // reindex.cc
int run(const CheckConfigOptions& options);     // check_config.cc
int run(const BenchOptions& options);           // bench/bench.cc
int run(const VersionOptions& options);         // version.cc

}  // namespace coffer
