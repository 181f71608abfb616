# The packages we stand on, all from Debian 12 (packages.txt). A floor names the target it needs after
# PRIVATE in its room(): Boost::headers Boost::url OpenSSL::SSL OpenSSL::Crypto PkgConfig::nghttp2
# PkgConfig::sodium PkgConfig::libpq PkgConfig::libcurl PkgConfig::secp256k1 PkgConfig::cryptopp
# simdjson::simdjson RocksDB::rocksdb fmt::fmt CLI11::CLI11 tomlplusplus::tomlplusplus Threads::Threads.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url system)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(secp256k1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(cryptopp REQUIRED IMPORTED_TARGET libcrypto++)

# Debian's CMake file for RocksDB asks for packages that using the shared library does not need.
pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb)
add_library(RocksDB::rocksdb ALIAS PkgConfig::rocksdb)

find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(BUILD_TESTING AND NOT COFFER_FUZZ)
    find_package(GTest REQUIRED)
    find_package(rapidcheck REQUIRED)
    include(GoogleTest)
endif()
